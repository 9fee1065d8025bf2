import { z } from "zod";
import { forkScript, kill, message } from "../../support/child.js";
import { type Comparison, type Goal, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { job } from "../service.js";
import { sums } from "../sums.js";

/**
 * 100 records a file, beside all of them in one, from disk and from S3. What is measured is who reads them. A store has machines of
 * its own; this one, a process beside, has to take a part of these two cores, about 25 µs for each GET.
 */
export async function* smallFiles(data: BenchData): AsyncGenerator<Comparison> {
  const { directory: one } = await data.gz();
  const { directory: many } = await data.smallFiles();
  const server = forkScript(new URL("../s3-server.ts", import.meta.url), [`one=${one}`, `many=${many}`]);
  try {
    const url = z.url().parse(await message(server, AbortSignal.timeout(120_000)));
    const access = {
      AWS_ENDPOINT_URL_S3: url,
      GRAPH_S3_FORCE_PATH_STYLE: "true",
      USE_IAM: "false",
      AWS_ACCESS_KEY_ID: "k",
      AWS_SECRET_ACCESS_KEY: "s",
    };
    const inS3 = (bucket: string) => ({ ...access, DIGESTER_ENDPOINT: `s3://${bucket}` });
    const files = `in ${Math.ceil(data.records / 100).toLocaleString("en")} files and in one`;
    yield {
      title: `gz to sums, ${files}`,
      contenders: [
        sums("one file", `file:${one}`),
        sums("small files", `file:${many}`),
        sums("one file in S3", "s3://one", access),
        sums("small files in S3", "s3://many", access),
      ],
      goals: goals("sums"),
    };
    yield {
      title: `gz to a stored graph, whole service, ${files}`,
      contenders: [
        job("one file", data, one),
        job("small files", data, many),
        job("one file in S3", data, one, inS3("one")),
        job("small files in S3", data, many, inS3("many")),
      ],
      goals: goals("whole service"),
    };
  } finally {
    await kill(server);
  }
}

function goals(work: string): readonly Goal[] {
  return [
    {
      what: `small files, times the time of one file, ${work}`,
      of: ratio("wall s", "small files", "one file"),
      atMost: 2,
    },
    {
      what: `small files in S3, times the time of one file there, ${work}`,
      of: ratio("wall s", "small files in S3", "one file in S3"),
      atMost: 2,
    },
  ];
}
