# What the digester of flow logs does, without checking anything: the peer that it is measured against.

$14 == "OK" {
  if ($6 < $7) $7 = 0; else $6 = 0
  key = $2 " " $3 " " $4 " " $5 " " $6 " " $7 " " $8
  verdict = $13 " " $14
  packets[key, verdict] += $9
  bytes[key, verdict] += $10
  if (start == "" || $11 < start) start = $11
  if ($12 > end) end = $12
}

END {
  for (row in packets) {
    split(row, part, SUBSEP)
    printf "2 %s %.0f %.0f %s %s %s\n", part[1], packets[row], bytes[row], start, end, part[2]
  }
}
