import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3Marker } from "../../src/marker/s3.js";
import { S3Storage } from "../../src/storage/s3.js";
import { markerContract } from "../contract/marker.js";
import { storageContract } from "../contract/storage.js";
import { graphId } from "../support/graph-id.js";
import { hasRadosgw, startRadosgw, type Radosgw } from "../support/radosgw.js";
import { accessTo } from "../support/s3/modules.js";

describe.skipIf(!hasRadosgw())("over radosgw", () => {
  let radosgw: Radosgw;
  let client: S3Client;

  beforeAll(async () => {
    radosgw = await startRadosgw();
    client = radosgw.client();
    await radosgw.createBucket("graphs");
    await radosgw.createBucket("claims");
  });

  afterAll(async () => {
    client.destroy();
    await radosgw.stop();
  });

  const options = (bucket: string) => ({
    access: accessTo(radosgw, radosgw.keys),
    bucket,
    region: "us-east-1",
    patience: 6,
  });

  async function empty(Bucket: string): Promise<void> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    await Promise.all(Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket, Key }))));
  }

  const plant = (Bucket: string, Key: string, content: Uint8Array | string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(content) }));

  const openStorage = async () => {
    const storage = new S3Storage(options("graphs"));
    await storage.start();
    return {
      storage,
      plant: async (id: string, bytes: Uint8Array) => void (await plant("graphs", `${id}.dot`, bytes)),
      leftovers: async () => {
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "graphs" }));
        return Uploads.map(({ Key }) => `upload ${Key}`);
      },
      close: async () => {
        await empty("graphs");
        await storage.stop();
      },
    };
  };
  // radosgw 16 looks past If-Match and If-None-Match on CompleteMultipartUpload. AWS heeds them:
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
  storageContract("S3Storage", openStorage, { looksBeforeLarge: true });

  markerContract("S3Marker", async () => {
    const marker = new S3Marker(options("claims"));
    const peer = new S3Marker(options("claims"));
    await Promise.all([marker.start(), peer.start()]);
    return {
      marker,
      peer,
      plant: async (id, text) => void (await plant("claims", `${id}_in_progress`, text)),
      leftovers: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "claims" }));
        return Contents.flatMap(({ Key = "" }) => (Key.endsWith("_in_progress") ? [] : [Key]));
      },
      close: async () => {
        await empty("claims");
        await Promise.all([marker.stop(), peer.stop()]);
      },
    };
  });

  test("a missing bucket is an error of both", async ({ signal }) => {
    const storage = new S3Storage(options("nowhere"));
    const marker = new S3Marker(options("nowhere"));
    await Promise.all([storage.start(), marker.start()]);
    const missing = { transient: false, message: expect.stringMatching(/no bucket nowhere/) as unknown };
    await expect(storage.head(graphId(1), signal)).rejects.toMatchObject(missing);
    await expect(storage.ready(signal)).rejects.toMatchObject(missing);
    await expect(marker.read(graphId(1), signal)).rejects.toMatchObject(missing);
    await expect(marker.ready(signal)).rejects.toMatchObject(missing);
    await Promise.all([storage.stop(), marker.stop()]);
  });

  test.for([
    ["id", { id: "nobody", secret: "test-secret" }, "InvalidAccessKeyId"],
    ["secret", { id: "test-key", secret: "wrong" }, "SignatureDoesNotMatch"],
  ] as const)("a wrong key %s is refused, and the message says whose", async ([, keys, code], { signal }) => {
    const storage = new S3Storage({ ...options("graphs"), access: accessTo(radosgw, keys) });
    await expect(storage.head(graphId(1), signal)).rejects.toMatchObject({
      transient: false,
      message: expect.stringMatching(new RegExp(`${code}.*AWS_ACCESS_KEY_ID`)) as unknown,
    });
    await storage.stop();
  });
});
