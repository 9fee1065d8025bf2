import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { nthHour } from "../support/graph-id.js";
import type { S3Request } from "../support/s3/request.js";
import type { ServiceProcess } from "../support/service-process.js";

const PROCESSES = 3;
const POSTS = 60;

describe(`${PROCESSES} processes share two buckets`, () => {
  let deployment: Deployment;
  let processes: ServiceProcess[];

  beforeAll(async () => {
    deployment = await Deployment.start();
    processes = await Promise.all(Array.from({ length: PROCESSES }, () => deployment.process()));
  });

  afterAll(async () => {
    await deployment.end();
  });

  beforeEach(() => {
    deployment.s3.faults.clear();
  });

  const rounds = Array.from({ length: 8 }, (_, round) => round);

  test.for(rounds)("round %i: of 60 simultaneous requests one is queued, once", async (round) => {
    const window = nthHour(round);
    // Half of the rounds on a store that isn't at its best: conflicts, and answers that are lost.
    if (round % 2 === 1) {
      let writes = 0;
      // First attempts alone: a write whose every attempt failed is rightly answered with a 5xx.
      const isThirdWrite = ({ operation, bucket, headers }: S3Request) =>
        operation === "PutObject" &&
        bucket === "claims" &&
        headers["amz-sdk-request"]?.startsWith("attempt=1;") === true &&
        ++writes % 3 === 0;
      const conflict = { kind: "error", status: 409, code: "ConditionalRequestConflict" } as const;
      const fault = round % 4 === 1 ? conflict : ({ kind: "lose-answer" } as const);
      deployment.s3.faults.add({ fault, when: isThirdWrite });
    }
    const answers = await Promise.all(
      Array.from({ length: POSTS }, async (_, n) => processes[n % PROCESSES]?.post(window)),
    );
    const statuses = answers.map((answer) => answer?.status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(POSTS - 1);

    await expect.poll(() => deployment.claims()).toEqual([]);
    const graph = await processes[round % PROCESSES]?.get(window);
    expect(graph?.status).toBe(200);
    expect(await graph?.text()).toBe(await dotOf(digestOf(window.start)));
    const fields = { graphId: window.id };
    expect(processes.flatMap((process) => process.logged("job-started", fields))).toHaveLength(1);
    expect(processes.flatMap((process) => process.logged("job-finished", fields))).toHaveLength(1);
  });
});
