/**
 * Services that matter in a network of companies and clouds, by port, with the names IANA or their users know them by
 * (https://www.iana.org/assignments/service-names-port-numbers). It tells which of two ports is a service's, so a port
 * that clients often use as a source doesn't belong here. Every port below 1024 counts as a service's besides.
 */
const SERVICES = `
  21 ftp, 22 ssh, 23 telnet, 25 smtp, 49 tacacs, 53 domain dns, 67 bootps dhcp, 68 bootpc, 69 tftp, 80 http, 88 kerberos,
  110 pop3, 111 sunrpc, 119 nntp, 123 ntp, 135 epmap msrpc, 137 netbios-ns, 138 netbios-dgm, 139 netbios-ssn, 143 imap,
  161 snmp, 162 snmptrap, 179 bgp, 194 irc, 389 ldap, 443 https, 445 microsoft-ds smb, 464 kpasswd, 465 submissions,
  500 isakmp ike, 502 mbap modbus, 512 exec, 513 login, 514 syslog, 515 printer, 543 klogin, 546 dhcpv6-client,
  547 dhcpv6-server, 548 afpovertcp, 554 rtsp, 587 submission, 623 asf-rmcp, 631 ipp, 636 ldaps, 749 kerberos-adm,
  853 domain-s dns-over-tls, 873 rsync, 989 ftps-data, 990 ftps, 992 telnets, 993 imaps, 995 pop3s, 1080 socks, 1099 rmiregistry,
  1194 openvpn, 1414 ibm-mqseries, 1433 ms-sql-s mssql, 1434 ms-sql-m, 1494 ica, 1521 oracle, 1701 l2tp, 1723 pptp,
  1812 radius, 1813 radius-acct, 1883 mqtt, 1935 macromedia-fcs, 2049 nfs, 2055 netflow, 2123 gtp-control,
  2152 gtp-user, 2181 zookeeper, 2222 ssh-alt, 2375 docker, 2376 docker-s, 2377 docker-swarm, 2379 etcd-client,
  2380 etcd-server, 3000 http-dev, 3128 http-proxy, 3260 iscsi-target, 3268 msft-gc, 3269 msft-gc-ssl, 3306 mysql,
  3389 ms-wbt-server rdp, 3478 stun, 3690 svn, 3702 ws-discovery, 4222 nats, 4317 otlp-grpc, 4318 otlp-http, 4369 epmd,
  4500 ipsec-nat-t, 4505 salt-publish, 4506 salt-return, 4646 nomad, 4647 nomad-rpc, 4648 nomad-serf, 4739 ipfix,
  4789 vxlan, 4840 opcua-tcp, 4848 appserv-http, 5000 upnp-registry, 5044 logstash, 5060 sip, 5061 sips,
  5222 xmpp-client, 5269 xmpp-server, 5349 stuns, 5353 mdns, 5355 llmnr, 5432 postgres postgresql, 5439 redshift,
  5601 kibana, 5666 nrpe, 5671 amqps, 5672 amqp, 5683 coap, 5684 coaps, 5701 hazelcast, 5900 rfb vnc, 5984 couchdb,
  5985 wsman winrm, 5986 wsmans winrm-https, 6000 x11, 6081 geneve, 6343 sflow, 6379 redis, 6432 pgbouncer, 6443 kubernetes-api,
  6514 syslog-tls, 6556 checkmk-agent, 6653 openflow, 7000 cassandra, 7001 cassandra-tls, 7077 spark,
  7199 cassandra-jmx, 7474 neo4j, 7687 bolt, 7946 docker-gossip, 8000 http-alt-8000, 8008 http-alt-8008, 8009 ajp,
  8020 hdfs, 8080 http-alt, 8081 http-alt-8081, 8086 influxdb, 8088 radan-http, 8089 splunkd, 8090 http-alt-8090,
  8125 statsd, 8126 datadog-trace, 8140 puppet, 8172 msdeploy, 8200 vault, 8201 vault-cluster, 8300 consul-rpc,
  8301 consul-serf-lan, 8302 consul-serf-wan, 8443 pcsync-https https-alt, 8500 consul-http, 8501 consul-https,
  8600 consul-dns, 8834 nessus, 8883 secure-mqtt, 8888 http-alt-8888, 8983 solr, 9000 http-alt-9000,
  9042 cassandra-cql, 9080 http-alt-9080, 9090 prometheus, 9092 kafka, 9093 alertmanager, 9094 kafka-tls,
  9098 kafka-iam, 9100 node-exporter, 9200 elasticsearch, 9300 elasticsearch-node, 9411 zipkin, 9418 git,
  9870 hdfs-http, 10000 ndmp, 10050 zabbix-agent, 10051 zabbix-trapper, 10250 kubelet, 10255 kubelet-read,
  10256 kube-proxy, 10257 kube-controller, 10259 kube-scheduler, 11211 memcache memcached, 15672 rabbitmq-management,
  26257 cockroachdb, 27017 mongodb, 27018 mongodb-shard, 27019 mongodb-config, 28017 mongodb-http
`;

/** Each port with its names, of which the last is the one most people know. */
const NAMES: ReadonlyMap<number, readonly string[]> = new Map(
  SERVICES.split(",").map((entry): [number, string[]] => {
    const [port = "", ...names] = entry.trim().split(/\s+/);
    return [Number(port), names];
  }),
);

/** What is usually behind a port. */
export function serviceOf(port: number): string | undefined {
  return NAMES.get(port)?.at(-1);
}

/** The port of a service by any of its names. */
export const SERVICE_PORTS: ReadonlyMap<string, number> = new Map(
  [...NAMES].flatMap(([port, names]) => names.map((name): [string, number] => [name, port])),
);

/** Below it are the ports that only privileged programs could listen on, and clients don't use. */
const SYSTEM_PORTS = 1024;

/** 1 for each port that is known to be a service's. */
export const KNOWN_PORTS = Uint8Array.from({ length: 0x10000 }, (_, port) =>
  (port > 0 && port < SYSTEM_PORTS) || NAMES.has(port) ? 1 : 0,
);
