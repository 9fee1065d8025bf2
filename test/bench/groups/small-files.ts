import { z } from "zod";
import { forkScript, kill, message } from "../../support/child.js";
import { type Comparison, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
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
    const access = { AWS_ENDPOINT_URL_S3: url };
    yield {
      title: `gz to sums, in ${Math.ceil(data.records / 100).toLocaleString("en")} files and in one`,
      contenders: [
        sums("one file", `file:${one}`),
        sums("small files", `file:${many}`),
        sums("one file in S3", "s3://one", access),
        sums("small files in S3", "s3://many", access),
      ],
      goals: [
        {
          what: "small files, times the time of one file",
          of: ratio("wall s", "small files", "one file"),
          atMost: 2,
        },
        {
          what: "small files in S3, times the time of one file there",
          of: ratio("wall s", "small files in S3", "one file in S3"),
          atMost: 2,
        },
      ],
    };
  } finally {
    await kill(server);
  }
}
