import { Job } from "../../src/job.js";
import { HttpServer } from "./http-server.js";

export interface Bus {
  readonly server: HttpServer;
  /** What was accepted, in order. */
  readonly jobs: readonly Job[];
}

/** A bus that takes jobs by POST at any path: 202, or 400 for what is no job. */
export async function startBus(): Promise<Bus> {
  const jobs: Job[] = [];
  const server = await HttpServer.start(({ method, body }, response) => {
    const job = method === "POST" ? Job.safeParse(JSON.parse(body)) : undefined;
    if (job?.success) jobs.push(job.data);
    response.writeHead(job === undefined ? 405 : job.success ? 202 : 400).end();
  });
  return { server, jobs };
}
