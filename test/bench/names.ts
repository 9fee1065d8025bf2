// Names: how long it takes to read a file, how long the event loop is held up meanwhile, and what a look-up takes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Reader } from "mmdb-lib";
import { type AddressValue, addressText } from "../../src/flow-log/cidr.js";
import { Names } from "../../src/name/names.js";
import { readNames } from "../../src/name/read-names.js";
import { ipRangesOf } from "../name/reading.js";
import { mmdbOf } from "../support/mmdb.js";
import { seededRandom } from "../support/random.js";
import { temporaryDir } from "../support/temporary-dir.js";

const LOOKUPS = 2_000_000;
const ADDRESSES = 1 << 16;
const random = seededRandom(1);
const upTo = (end: number) => Math.floor(random() * end);
const anyIPv4 = () => `${1 + upTo(222)}.${upTo(256)}.${upTo(256)}.${upTo(256)}`;
const anyIPv6 = () => `2600:${upTo(4096).toString(16)}:${upTo(65_536).toString(16)}`;

const networks = new Set<string>();
while (networks.size < 100_000) {
  networks.add(random() < 0.8 ? `${anyIPv4()}/32` : `${anyIPv6()}::/48`);
}
const ranges = Array.from({ length: 10_000 }, (_, n) => {
  const cidr = n % 4 > 0 ? `${1 + upTo(222)}.${upTo(256)}.${upTo(256)}.0/24` : `${anyIPv6()}::/48`;
  return [cidr, n % 3 === 0 ? "S3" : "AMAZON", `region-${n % 33}`] as const;
});
const systems = new Map<
  string,
  { autonomous_system_number: number; autonomous_system_organization: string }
>();
while (systems.size < 200_000) {
  const number = upTo(70_000);
  systems.set(`${1 + upTo(222)}.${upTo(256)}.${upTo(256)}.0/24`, {
    autonomous_system_number: number,
    autonomous_system_organization: `Network ${number}`,
  });
}
const database = mmdbOf([...systems], { type: "GeoLite2-ASN", recordSize: 28 });
const files = {
  "names.csv": [...networks].map((cidr, n) => `${cidr},host-${n},group-${n % 100}\n`).join(""),
  "ip-ranges.json": ipRangesOf(ranges),
  "asn.mmdb": database,
};
const addressesOf = (version: 4 | 6): AddressValue[] =>
  Array.from({ length: ADDRESSES }, () => {
    const words = Uint32Array.from({ length: 4 }, () => upTo(2 ** 32));
    if (version === 4) words.fill(0, 0, 3);
    else words[0] = 0x2600_0000 | upTo(4096);
    return { version, words };
  });

function nanoseconds(addresses: readonly AddressValue[], find: (address: AddressValue) => unknown): number {
  let found = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const began = performance.now();
    for (let n = 0; n < LOOKUPS; n++) {
      const address = addresses[n & (ADDRESSES - 1)];
      if (address !== undefined && find(address) !== undefined) found++;
    }
    best = Math.min(best, ((performance.now() - began) / LOOKUPS) * 1e6);
  }
  if (found < 0) throw new Error("nothing was looked up");
  return Math.round(best);
}

const dir = await temporaryDir();
try {
  for (const [file, content] of Object.entries(files)) {
    const path = join(dir.path, file);
    await writeFile(path, content);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const began = performance.now();
    const loaded = await readNames(path, new AbortController().signal);
    const ms = Math.round(performance.now() - began);
    delay.disable();
    if (loaded === undefined) throw new Error(`${file} changed`);
    const names = new Names([loaded]);
    const of = (version: 4 | 6) => nanoseconds(addressesOf(version), (address) => names.find(address));
    const held = Math.round(delay.max / 1e6);
    console.log(
      `${file}: read in ${ms} ms, event loop held up ${held} ms at most; IPv4 ${of(4)} ns, IPv6 ${of(6)} ns`,
    );
  }
  const known = [...networks].slice(0, ADDRESSES).map((cidr) => cidr.split("/")[0] ?? "");
  const loaded = await readNames(join(dir.path, "names.csv"), new AbortController().signal);
  const names = new Names(loaded === undefined ? [] : [loaded]);
  let at = 0;
  const asText = nanoseconds(addressesOf(4), () => names.findText(known[at++ & (known.length - 1)] ?? ""));
  console.log(`names.csv, texts of addresses that have a name: ${asText} ns`);
  const reader = new Reader(database, { cache: new Map() });
  const ofLibrary = nanoseconds(addressesOf(4), (address) => reader.get(addressText(address)));
  console.log(`asn.mmdb with mmdb-lib alone: IPv4 ${ofLibrary} ns`);
} finally {
  await dir.remove();
}
