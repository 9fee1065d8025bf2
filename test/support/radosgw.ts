import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { randomUUID } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { bound } from "./child.js";
import { DEADLINE_MS } from "./deadline.js";
import { listen } from "./listen.js";

/**
 * A Ceph of one monitor, one OSD in memory and one radosgw (Debian's `radosgw ceph-mon ceph-osd`) on 127.0.0.1: an S3
 * store that is none of ours. Everything lives in a temporary directory and ends with `stop`.
 */
export interface Radosgw {
  readonly url: string;
  readonly keys: { readonly id: string; readonly secret: string };
  createBucket(name: string): Promise<void>;
  client(): S3Client;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Whether to run what needs radosgw. Missing, it is skipped here and a failure in CI. */
export function hasRadosgw(): boolean {
  const found = ["ceph-mon", "ceph-osd", "radosgw"].every((name) => existsSync(join("/usr/bin", name)));
  if (!found && process.env["CI"] === "true") {
    throw new Error("CI has no radosgw: apt-get install radosgw ceph-mon ceph-osd");
  }
  if (!found) console.warn("skipped: radosgw isn't here (apt-get install radosgw ceph-mon ceph-osd)");
  return found;
}

async function freePort(): Promise<number> {
  const listening = await listen(createServer());
  await listening.close();
  return listening.port;
}

function configuration(directory: string, fsid: string, monitorPort: number, gatewayPort: number): string {
  return `
[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitorPort}/0]
public network = 127.0.0.0/8
keyring = ${directory}/keyring
run dir = ${directory}
log file = ${directory}/$name.log
admin socket = ${directory}/$name.$pid.asok
mon data = ${directory}/mon
osd data = ${directory}/osd
rgw data = ${directory}/rgw
osd objectstore = memstore
memstore device bytes = 1073741824
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
# Pools are made one after the other, each a round of the monitor's: a second by default.
paxos propose interval = 0.02
rgw enable usage log = false
rgw run sync thread = false
rgw gc max objs = 1
rgw lc max objs = 1
rgw data log num shards = 1
[client.rgw.test]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
`;
}

const KEYS: [name: string, ...capabilities: string[]][] = [
  ["mon.", "--cap", "mon", "allow *"],
  ["osd.0", "--cap", "mon", "allow *", "--cap", "osd", "allow *"],
  ["client.rgw.test", "--cap", "mon", "allow *", "--cap", "osd", "allow *"],
];

type Ceph = (command: string, ...parameters: string[]) => Promise<unknown>;

/** Configuration, keys and the monitor's own store. */
async function makeMonitor(directory: string, ceph: Ceph, gatewayPort: number): Promise<void> {
  const fsid = randomUUID();
  const keyring = join(directory, "keyring");
  const monmap = join(directory, "monmap");
  const port = await freePort();
  await writeFile(join(directory, "ceph.conf"), configuration(directory, fsid, port, gatewayPort));
  await ceph("ceph-authtool", "--create-keyring", keyring);
  for (const [name, ...capabilities] of KEYS) {
    await ceph("ceph-authtool", keyring, "--gen-key", "-n", name, ...capabilities);
  }
  await ceph("monmaptool", "--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${port}/0]`, monmap);
  await ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring);
}

async function answers(url: string, daemons: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const ended = daemons.find((daemon) => daemon.exitCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnargs.join(" ")} ended with ${ended.exitCode}`);
    try {
      await fetch(url, { signal: AbortSignal.timeout(1000) });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error("radosgw doesn't answer", { cause: error });
    }
    await sleep(100);
  }
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, "exit");
  // Nothing in memory is worth an orderly end.
  daemon.kill("SIGKILL");
  await ended;
}

export async function startRadosgw(): Promise<Radosgw> {
  const directory = await mkdtemp(join(tmpdir(), "radosgw-"));
  const env = { ...process.env, CEPH_CONF: join(directory, "ceph.conf") };
  const ceph: Ceph = (command, ...parameters) => run(command, parameters, { env, timeout: DEADLINE_MS });
  const daemons: ChildProcess[] = [];
  const daemon = (command: string, ...parameters: string[]) =>
    daemons.push(bound(spawn(command, ["-f", ...parameters], { env, stdio: "ignore" })));
  const stop = async () => {
    for (const daemon of daemons.toReversed()) await end(daemon);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await makeMonitor(directory, ceph, port);
    daemon("ceph-mon", "-i", "a");
    await mkdir(join(directory, "osd"));
    await ceph("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", randomUUID());
    daemon("ceph-osd", "-i", "0");
    daemon("radosgw", "-n", "client.rgw.test");
    await answers(url, daemons);
    const keys = { id: "test-key", secret: "test-secret" };
    const user = [
      "--uid",
      "test",
      "--display-name",
      "test",
      "--access-key",
      keys.id,
      "--secret",
      keys.secret,
    ];
    await ceph("radosgw-admin", "-n", "client.rgw.test", "user", "create", ...user);
    const client = () =>
      new S3Client({
        endpoint: url,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret },
        requestChecksumCalculation: "WHEN_REQUIRED",
      });
    return {
      url,
      keys,
      client,
      stop,
      createBucket: async (name) => void (await client().send(new CreateBucketCommand({ Bucket: name }))),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
