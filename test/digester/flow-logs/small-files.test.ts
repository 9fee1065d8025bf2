import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { unpacked } from "../../../src/digester/flow-logs/content.js";
import { DirectorySource } from "../../../src/digester/flow-logs/directory.js";
import { FlowLogDigester } from "../../../src/digester/flow-logs/flow-log-digester.js";
import { SMALL_BYTES, type Listing, type Source } from "../../../src/digester/flow-logs/source.js";
import { gunzipSmall } from "../../../src/flow-log/decompress.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { TimeWindow } from "../../../src/window.js";
import { directoryOf } from "./digesting.js";

const WINDOW = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
const NEVER = new AbortController().signal;
const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
const recordOf = (n: number) =>
  `2 123456789010 eni-${n % 7} 10.0.0.${n % 250} 10.1.0.1 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK\n`;
const records = (count: number) => Array.from({ length: count }, (_, n) => recordOf(n)).join("");

/** A directory whose listing is changed. */
function changed(directory: string, change: (listing: Listing) => Listing): Source {
  const source = new DirectorySource(directory);
  return {
    list: async (selection, signal) => change(await source.list(selection, signal)),
    ready: () => source.ready(),
  };
}

/** Whatever a digest says, its failure included. */
async function outcome(source: Source): Promise<unknown> {
  const format = { fields: DEFAULT_FORMAT, addresses: "interface" } as const;
  const digester = new FlowLogDigester({ source, format, keysInMemory: 1_000_000 });
  try {
    const digest = await digester.digest(WINDOW, NEVER);
    return { lines: await text(bodyOf(digest)), counts: digest.counts, warnings: digest.warnings };
  } catch (error) {
    return String(error);
  }
}

const AWS_NAME = "123456789010_vpcflowlogs_eu-west-1_fl-1_20141214T0405Z_abc.log.gz";

/** How the files of a directory are read. */
function reading(directory: string, read: (path: string) => Buffer | undefined): Source {
  return changed(directory, (listing) => ({
    ...listing,
    objects: listing.objects.map((object) => ({
      ...object,
      read: async () => read(join(directory, object.key)),
    })),
  }));
}

async function expectTheSame(content: Uint8Array): Promise<void> {
  // What AWS named is read without a look at it.
  const directory = directoryOf({ [AWS_NAME]: content, "before.log": recordOf(1), "z.log": recordOf(2) });
  const streamed = await outcome(reading(directory, () => undefined));
  expect(await outcome(new DirectorySource(directory))).toEqual(streamed);
  // As the thread does it, for as many files as are worth one.
  const unpackedWhole = reading(directory, (path) => unpacked(readFileSync(path), 512 * 1024));
  expect(await outcome(unpackedWhole)).toEqual(streamed);
}

test("what is read whole gives the same as what is streamed, however it is cut, packed or damaged", async () => {
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map((count) => Buffer.from(HEADER + records(count))),
    fc.integer({ min: 1, max: 3 }).map((count) => Buffer.from(records(count))),
    fc.constantFrom("", "\n", "no record\n", '{"message":', "\0\0\0").map((some) => Buffer.from(some)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  const packed = fc
    .tuple(piece, fc.integer({ min: 0, max: 4 }))
    .map(([bytes, layers]) =>
      Array.from({ length: layers }).reduce<Buffer>((inner) => gzipSync(inner), bytes),
    );
  const joined = fc.array(packed, { minLength: 1, maxLength: 3 }).map((pieces) => Buffer.concat(pieces));
  const damaged = fc
    .tuple(joined, fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3 }), fc.boolean())
    .map(([bytes, where, isCut]) => {
      if (where === null) return bytes;
      const at = Math.floor(where * bytes.length);
      if (isCut) return bytes.subarray(0, at);
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ 0x55;
      return flipped;
    });
  await fc.assert(fc.asyncProperty(damaged, expectTheSame), { numRuns: 60 });
});

test("so does what expands to more than is expanded at once, and what is just small or isn't", async () => {
  const long = Buffer.from(records(30_000));
  await expectTheSame(gzipSync(long));
  await expectTheSame(gzipSync(gzipSync(long)));
  await expectTheSame(Buffer.concat([gzipSync(long), Buffer.from("more")]));
  for (const size of [SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES + 1]) {
    await expectTheSame(long.subarray(0, size));
    await expectTheSame(Buffer.concat([gzipSync(long), Buffer.alloc(SMALL_BYTES)]).subarray(0, size));
  }
});

test("nothing expands at once beyond its bound, nor what isn't complete and undamaged", () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  expect(gunzipSmall(bomb, 1_000_000)).toBeUndefined();
  const content = Buffer.from(records(10));
  const sound = gzipSync(content);
  expect(gunzipSmall(Buffer.concat([sound, sound]), 10_000)).toEqual(Buffer.concat([content, content]));
  expect(gunzipSmall(sound, content.length)).toEqual(content);
  expect(gunzipSmall(sound, content.length - 1)).toBeUndefined();
  expect(gunzipSmall(sound.subarray(0, -1), 10_000)).toBeUndefined();
  for (const tail of ["\0", "x", "\0\0x"]) {
    expect(gunzipSmall(Buffer.concat([sound, Buffer.from(tail)]), 10_000)).toBeUndefined();
  }
});

test("many files, which a thread reads, give the same as one by one, whatever is among them", async () => {
  const contents = Array.from({ length: 100 }, (_, n): [string, Buffer] => {
    const text = Buffer.from(HEADER + recordOf(n).repeat(n));
    const name = n % 3 === 0 ? `${n}.log` : AWS_NAME.replace("abc", `${n}`);
    return [name, n % 4 === 0 ? text : gzipSync(n % 4 === 1 ? gzipSync(text) : text)];
  });
  const others = { "empty.log": "", "foreign.csv": "a,b\n", "large.log": Buffer.from(records(10_000)) };
  const sound = { ...Object.fromEntries(contents), ...others };
  const cut = { [AWS_NAME]: gzipSync(records(100)).subarray(0, -9) };
  for (const files of [sound, { ...sound, ...cut }]) {
    const directory = directoryOf(files);
    const source = new DirectorySource(directory);
    onTestFinished(() => source.stop());
    expect(await outcome(source)).toEqual(await outcome(reading(directory, () => undefined)));
  }
});

test.each([100, SMALL_BYTES * 2])(
  "a file that grew by %s bytes since it was listed is read whole",
  async (more) => {
    const directory = directoryOf({ "flow.log": records(10), [AWS_NAME]: records(10) });
    const count = Math.ceil(more / recordOf(1).length);
    const grown = changed(directory, (listing) => {
      for (const { key } of listing.objects) appendFileSync(join(directory, key), records(count));
      return listing;
    });
    expect(await outcome(grown)).toMatchObject({ counts: { records: 2 * (10 + count) } });
  },
);
