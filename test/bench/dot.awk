# What the converter does, without checking anything: the peer that it is measured against.

function node(address) {
  if (address in known) return
  known[address] = 1
  nodes[++count] = address
}

BEGIN { print "digraph {" }

$14 == "OK" {
  printf "\t\"%s\" -> \"%s\" [govpc_accountID=\"%s\" govpc_eniID=\"%s\" govpc_srcPort=\"%s\" govpc_dstPort=\"%s\" govpc_protocol=\"%s\" govpc_packets=\"%s\" govpc_bytes=\"%s\" govpc_start=\"%s\" govpc_end=\"%s\" color=%s label=\"accountID=%s\\neniID=%s\\nsrcPort=%s\\ndstPort=%s\\nprotocol=%s\\npackets=%s\\nbytes=%s\\nstart=%s\\nend=%s\"]\n",
    $4, $5, $2, $3, $6, $7, $8, $9, $10, $11, $12, $13 == "REJECT" ? "red" : "green",
    $2, $3, $6, $7, $8, $9, $10, $11, $12
  node($4)
  node($5)
}

END {
  for (i = 1; i <= count; i++) printf "\t\"%s\" [label=\"%s\"]\n", nodes[i], nodes[i]
  print "}"
}
