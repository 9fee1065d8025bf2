import { KNOWN_PORTS } from "../flow-log/services.js";

/**
 * Services that nobody means to offer to the Internet, and that an intruder reaches for inside: those by which hosts are
 * administered, and those that keep data. `loud`: known to be found and abused within hours once the Internet reaches them.
 */
const SERVICES: readonly (readonly [
  string,
  "administration" | "data",
  "loud" | "quiet",
  readonly number[],
])[] = [
  ["SSH", "administration", "quiet", [22, 2222]],
  ["telnet", "administration", "loud", [23, 2323]],
  ["RDP", "administration", "loud", [3389]],
  ["VNC", "administration", "loud", [5900, 5901, 5902, 5903]],
  ["WinRM", "administration", "loud", [5985, 5986]],
  ["SMB", "administration", "loud", [139, 445]],
  ["Windows RPC", "administration", "loud", [135]],
  ["rlogin and rsh", "administration", "loud", [512, 513, 514]],
  ["IPMI", "administration", "loud", [623]],
  ["Java RMI", "administration", "loud", [1099]],
  ["Docker", "administration", "loud", [2375, 2376, 2377]],
  ["etcd", "administration", "loud", [2379, 2380]],
  ["Kubernetes", "administration", "quiet", [6443]],
  ["kubelet", "administration", "loud", [10_250, 10_255]],
  ["Consul", "administration", "loud", [8500]],
  ["Nomad", "administration", "loud", [4646]],
  ["Vault", "administration", "quiet", [8200]],
  ["Salt", "administration", "loud", [4505, 4506]],
  ["RabbitMQ management", "administration", "quiet", [15_672]],
  ["LDAP", "data", "quiet", [389]],
  ["rsync", "data", "loud", [873]],
  ["SQL Server", "data", "loud", [1433, 1434]],
  ["Oracle", "data", "loud", [1521]],
  ["NFS", "data", "loud", [111, 2049]],
  ["ZooKeeper", "data", "loud", [2181]],
  ["iSCSI", "data", "loud", [3260]],
  ["MySQL", "data", "loud", [3306]],
  ["PostgreSQL", "data", "loud", [5432, 6432]],
  ["Redshift", "data", "loud", [5439]],
  ["Hazelcast", "data", "loud", [5701]],
  ["CouchDB", "data", "loud", [5984]],
  ["Redis", "data", "loud", [6379]],
  ["Cassandra", "data", "loud", [7000, 7001, 7199, 9042]],
  ["Neo4j", "data", "loud", [7474, 7687]],
  ["InfluxDB", "data", "loud", [8086]],
  ["Kafka", "data", "loud", [9092]],
  ["Elasticsearch", "data", "loud", [9200, 9300]],
  ["memcached", "data", "loud", [11_211]],
  ["CockroachDB", "data", "loud", [26_257]],
  ["MongoDB", "data", "loud", [27_017, 27_018, 27_019, 28_017]],
];

const NAMES = new Map(
  SERVICES.flatMap(([name, , , ports]) => ports.map((port): [number, string] => [port, name])),
);
const SENSITIVE = new Uint8Array(0x10000);
for (const port of NAMES.keys()) SENSITIVE[port] = 1;
const LOUD = new Set(SERVICES.flatMap(([, , loud, ports]) => (loud === "loud" ? ports : [])));

/** Whether it is a service of administration or data. */
export function isSensitive(port: number): boolean {
  return SENSITIVE[port] === 1;
}

export function isLoud(port: number): boolean {
  return LOUD.has(port);
}

export function isKnown(port: number): boolean {
  return KNOWN_PORTS[port] === 1;
}

/** `SSH (port 22)`, or `port 4444`. */
export function portText(port: number): string {
  const name = NAMES.get(port) ?? OTHERS.get(port);
  return name === undefined ? `port ${port}` : `${name} (port ${port})`;
}

/** Names for titles of services that rules speak of. */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [20, "FTP"],
  [21, "FTP"],
  [25, "SMTP"],
  [53, "DNS"],
  [69, "TFTP"],
  [80, "HTTP"],
  [110, "POP3"],
  [143, "IMAP"],
  [161, "SNMP"],
  [443, "HTTPS"],
  [853, "DNS over TLS"],
]);
