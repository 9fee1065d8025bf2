import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import { hasRadosgw, startRadosgw, type Radosgw } from "../../support/radosgw.js";
import { accessTo } from "../../support/s3/modules.js";
import { digesterOf as directoryDigesterOf } from "./digesting.js";
import { digestBy, digesterOf, sourceOf } from "./from-s3.js";

const DIRECTORY = "test/fixtures/flow-logs";
const SAMPLE = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);
const NEVER = new AbortController().signal;

describe.skipIf(!hasRadosgw())("flow logs in radosgw", () => {
  let radosgw: Radosgw;

  beforeAll(async () => {
    radosgw = await startRadosgw();
    await radosgw.createBucket("logs");
    const client = radosgw.client();
    for (const name of readdirSync(DIRECTORY, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".gz")) continue;
      const Body = readFileSync(join(DIRECTORY, name));
      await client.send(new PutObjectCommand({ Bucket: "logs", Key: `p/${name}`, Body }));
    }
    client.destroy();
  });

  afterAll(() => radosgw.stop());

  const options = () => ({ access: accessTo(radosgw, radosgw.keys), prefix: "p/" });

  test("the digest is the directory's, byte for byte", async () => {
    const expected = await digestBy(directoryDigesterOf(DIRECTORY), SAMPLE);
    const digester = digesterOf(radosgw, { ...options(), region: undefined, findRegion: true });
    await digester.ready(NEVER);
    expect((await digestBy(digester, SAMPLE)).digest).toBe(expected.digest);
  });

  test("ranges are those asked for", async () => {
    const { objects } = await sourceOf(radosgw, options()).list({ window: SAMPLE }, NEVER);
    const [object] = objects;
    const range = { start: 10, end: 20 };
    const part = await object?.open(NEVER, range).toArray();
    expect(Buffer.concat(part ?? [])).toEqual(
      readFileSync(join(DIRECTORY, object?.key.slice(2) ?? "")).subarray(10, 20),
    );
  });

  test("an object that was replaced since it was listed fails the attempt, and so does one that was removed", async () => {
    const source = sourceOf(radosgw, options());
    const { objects } = await source.list({ window: SAMPLE }, NEVER);
    const [one, other] = objects;
    const client = radosgw.client();
    const key = { Bucket: "logs", Key: one?.key };
    await client.send(new PutObjectCommand({ ...key, Body: "other bytes" }));
    await expect(one?.open(NEVER).toArray()).rejects.toThrow(
      `${one?.key}: it was replaced since it was listed`,
    );
    await client.send(new DeleteObjectCommand({ Bucket: "logs", Key: other?.key }));
    await expect(other?.open(NEVER).toArray()).rejects.toThrow(
      `${other?.key}: it was removed since it was listed`,
    );
    client.destroy();
  });

  test("a prefix under which there is nothing, and a bucket that isn't there", async () => {
    const empty = digesterOf(radosgw, { ...options(), prefix: "q/" });
    await expect(digestBy(empty, SAMPLE)).rejects.toThrow(/below s3:\/\/logs\/q\/, and found nothing/);
    const nowhere = sourceOf(radosgw, {
      ...options(),
      bucket: "nowhere",
      region: undefined,
      findRegion: true,
    });
    await expect(nowhere.ready(NEVER)).rejects.toThrow("there is no bucket nowhere");
  });
});
