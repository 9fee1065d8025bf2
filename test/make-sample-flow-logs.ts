/**
 * Makes the sample flow logs: two hours around midnight in a small company's two VPCs, one that runs a shop and one
 * that runs the office's analytics, as AWS would deliver them. What somebody who knows networks should see in the graph:
 *
 * - customers, over IPv4 and IPv6, come through the load balancers to the web servers and no further
 * - a host on the internet scans the ports of the bastion and of a load balancer: all refused, but for SSH on the bastion
 * - later it logs in there, the bastion reaches the database, and the application server sends ever more to port 4444
 *   of another host outside
 *
 * All addresses outside are from the ranges reserved for documentation. Run it with the directory to write to:
 * `npx tsx test/make-sample-flow-logs.ts test/fixtures/flow-logs`
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { seededRandom } from "./support/random.js";

/** The window that holds all records of the sample. */
export const SAMPLE_WINDOW = { start: "2024-06-01T23:00:00Z", stop: "2024-06-02T01:00:00Z" };

const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
const ACCOUNT = "123456789012";
const REGION = "eu-west-1";
const START = Date.parse(SAMPLE_WINDOW.start) / 1000;
const MINUTES = 120;
const BUCKET_MINUTES = 5;
const [ICMP, TCP, UDP, ICMP6] = [1, 6, 17, 58];

const random = seededRandom(20_240_601);

interface Host {
  readonly address: string;
  readonly address6?: string;
  /** Hosts outside have no interface of ours, and no flow log. */
  readonly eni?: string;
  readonly vpc?: "shop" | "office";
}

const FLOW_LOGS = { shop: "fl-0a1b2c3d4e5f60718", office: "fl-0f9e8d7c6b5a40312" };

function inside(vpc: "shop" | "office", number: number, address: string, address6?: string): Host {
  const eni = `eni-0${vpc === "shop" ? "5" : "c"}d${number.toString(16).padStart(2, "0")}f7a9be3102d4e`.slice(
    0,
    21,
  );
  return { address, eni, vpc, ...(address6 !== undefined && { address6 }) };
}

const balancers = [
  inside("shop", 1, "10.20.0.10", "2001:db8:20::10"),
  inside("shop", 2, "10.20.1.10", "2001:db8:20:1::10"),
];
const webs = [11, 12, 13].map((n) => inside("shop", n, `10.20.10.${n}`));
const apps = [21, 22].map((n) => inside("shop", n, `10.20.20.${n}`));
const database = inside("shop", 31, "10.20.30.31");
const cache = inside("shop", 41, "10.20.30.41");
const bastion = inside("shop", 51, "10.20.0.51");
const idle = inside("shop", 61, "10.20.40.61");
const warehouse = inside("office", 1, "10.40.1.5");
const notebooks = [6, 7, 8].map((n) => inside("office", n, `10.40.1.${n}`));
const monitor = inside("office", 9, "10.40.2.9");

const customers = [7, 19, 44, 71, 102, 133, 168, 201, 222, 240].map((n): Host => ({
  address: `203.0.113.${n}`,
}));
const customers6 = ["a1", "b2", "c3", "d4"].map((n): Host => ({ address: `2001:db8:beef::${n}` }));
const resolver: Host = { address: "192.0.2.53" };
const payments: Host = { address: "192.0.2.180" };
const scanner: Host = { address: "198.51.100.23" };
const dropSite: Host = { address: "198.51.100.77" };

const SCANNED_PORTS = [
  21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 389, 443, 445, 465, 514, 587, 636, 993, 995, 1080, 1433,
  1521, 1723, 2049, 2375, 3000, 3128, 3306, 3389, 5000, 5432, 5601, 5900, 5985, 6379, 7001, 8000, 8080, 8443,
  8888, 9000, 9200, 11211, 27017,
];

interface Line {
  readonly vpc: "shop" | "office";
  readonly end: number;
  readonly text: string;
}

interface Flow {
  readonly client: Host;
  readonly server: Host;
  readonly port: number;
  readonly protocol?: number;
  readonly bytes: number;
  /** What comes back only says that it arrived; otherwise servers send three times what they are sent. */
  readonly upload?: boolean;
  readonly refused?: boolean;
}

function* lines(): Generator<Line> {
  for (let minute = 0; minute < MINUTES; minute++) {
    for (const flow of flowsOf(minute)) yield* recorded(flow, minute);
    yield withoutTraffic(idle, minute, "NODATA");
    if (minute === 47 || minute === 48) yield withoutTraffic(pick(balancers), minute, "SKIPDATA");
  }
}

function* flowsOf(minute: number): Generator<Flow> {
  for (let n = 0; n < 20; n++) {
    yield { client: pick(customers), server: pick(balancers), port: 443, bytes: 2000 + int(60_000) };
  }
  for (let n = 0; n < 2; n++) {
    const [client, server] = [pick(customers6), pick(balancers)];
    yield {
      client,
      server: { ...server, address: server.address6 ?? "" },
      port: 443,
      bytes: 2000 + int(40_000),
    };
  }
  for (let n = 0; n < 13; n++)
    yield { client: pick(balancers), server: pick(webs), port: 8080, bytes: 3000 + int(60_000) };
  for (let n = 0; n < 8; n++)
    yield { client: pick(webs), server: pick(apps), port: 9000, bytes: 1000 + int(20_000) };
  for (const client of apps) {
    yield { client, server: database, port: 5432, bytes: 4000 + int(90_000) };
    yield { client, server: cache, port: 6379, bytes: 500 + int(9000) };
  }
  yield { client: pick(apps), server: payments, port: 443, bytes: 1500 + int(5000) };
  yield { client: pick([...webs, ...apps]), server: resolver, port: 53, protocol: UDP, bytes: 90 + int(300) };
  yield { client: pick(notebooks), server: warehouse, port: 5439, bytes: 10_000 + int(800_000) };
  yield { client: pick(notebooks), server: warehouse, port: 5439, bytes: 10_000 + int(800_000) };
  yield { client: pick([...webs, ...apps, database]), server: monitor, port: 0, protocol: ICMP, bytes: 84 };
  if (minute % 10 === 0)
    yield { client: warehouse, server: database, port: 5432, bytes: 2_000_000 + int(900_000) };
  if (minute % 7 === 0) {
    const server = pick(balancers);
    yield {
      client: pick(customers6),
      server: { ...server, address: server.address6 ?? "" },
      port: 0,
      protocol: ICMP6,
      bytes: 104,
    };
  }
  yield* attack(minute);
}

/** The scan from 23:20, the log-in at 23:55, and from 00:05 what leaves the application server. */
function* attack(minute: number): Generator<Flow> {
  if (minute >= 20 && minute < 50) {
    for (let n = 0; n < 3; n++) {
      const port = SCANNED_PORTS[(3 * (minute - 20) + n) % SCANNED_PORTS.length] ?? 0;
      for (const server of [bastion, balancers[0] ?? bastion]) {
        const open = server === bastion ? port === 22 : port === 443;
        yield { client: scanner, server, port, bytes: open ? 120 : 40, refused: !open };
      }
    }
  }
  if (minute >= 55 && minute < 110) {
    yield { client: scanner, server: bastion, port: 22, bytes: 3000 + int(6000) };
    if (minute % 3 === 0) yield { client: bastion, server: database, port: 5432, bytes: 50_000 + int(9000) };
    if (minute === 60) yield { client: bastion, server: apps[1] ?? bastion, port: 22, bytes: 90_000 };
  }
  if (minute >= 65) {
    yield {
      client: apps[1] ?? bastion,
      server: dropSite,
      port: 4444,
      bytes: 20_000 * (minute - 60) + int(9000),
      upload: true,
    };
  }
}

/** The records of a flow, there and back, of each interface that sees it. */
function* recorded(flow: Flow, minute: number): Generator<Line> {
  const { client, server, port, protocol = TCP, bytes, upload = false, refused = false } = flow;
  const withPorts = protocol === TCP || protocol === UDP;
  const clientPort = withPorts ? 32_768 + int(28_000) : 0;
  const start = START + 60 * minute + int(20) - 30;
  const end = START + 60 * minute + int(60);
  const packets = Math.max(1, Math.ceil(bytes / 900));
  const acknowledgements = Math.ceil(packets / 2) + 2;
  const reply = upload ? `${acknowledgements} ${52 * acknowledgements}` : `${packets + 2} ${3 * bytes + 104}`;
  for (const { eni, vpc } of [client, server]) {
    if (eni === undefined || vpc === undefined) continue;
    const record = (from: Host, to: Host, ports: string, sums: string): Line => ({
      vpc,
      end,
      text: [
        2,
        ACCOUNT,
        eni,
        from.address,
        to.address,
        ports,
        protocol,
        sums,
        start,
        end,
        refused ? "REJECT" : "ACCEPT",
        "OK",
      ].join(" "),
    });
    yield record(client, server, `${clientPort} ${port}`, `${packets} ${bytes}`);
    if (!refused) yield record(server, client, `${port} ${clientPort}`, reply);
  }
}

function withoutTraffic({ eni, vpc = "shop" }: Host, minute: number, status: "NODATA" | "SKIPDATA"): Line {
  const end = START + 60 * minute + 59;
  return { vpc, end, text: `2 ${ACCOUNT} ${eni} - - - - - - - ${end - 59} ${end} - ${status}` };
}

/** The files as AWS would name them: one for each flow log and five minutes, by the end of their records. */
export function sampleFlowLogs(): Map<string, string> {
  const files = new Map<string, string>();
  for (const { vpc, end, text } of lines()) {
    const bucket = new Date((end - (end % (60 * BUCKET_MINUTES))) * 1000).toISOString();
    const day = bucket.slice(0, 10).replaceAll("-", "/");
    const stamp = `${bucket.slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
    const hash = Buffer.from(`${vpc}${stamp}`).toString("hex").slice(-8);
    const name = `${ACCOUNT}_vpcflowlogs_${REGION}_${FLOW_LOGS[vpc]}_${stamp}_${hash}.log.gz`;
    const key = `AWSLogs/${ACCOUNT}/vpcflowlogs/${REGION}/${day}/${name}`;
    files.set(key, `${files.get(key) ?? `${HEADER}\n`}${text}\n`);
  }
  return files;
}

function pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
  const item = items[int(items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

function int(below: number): number {
  return Math.floor(random() * below);
}

function writeSample(directory: string): void {
  rmSync(join(directory, "AWSLogs"), { recursive: true, force: true });
  for (const [key, text] of sampleFlowLogs()) {
    const path = join(directory, key);
    mkdirSync(dirname(path), { recursive: true });
    // The header of Node's gzip has no time in it.
    writeFileSync(path, gzipSync(text, { level: 9 }));
  }
}

const [, script, directory] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (directory === undefined) throw new Error("expected the directory to write to");
  writeSample(directory);
}
