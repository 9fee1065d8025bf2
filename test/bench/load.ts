import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Pool } from "undici";
import { isInstalled } from "./peers.js";

export type Headers = Readonly<Record<string, string>>;

const CONNECTIONS = 16;
const SECONDS = 2;

const wrkIsInstalled = isInstalled("wrk");

/**
 * How many requests a second 16 connections get answered, each asking again at once.
 *
 * @throws when an answer has another status
 */
export async function requestsPerSecond(url: string, headers: Headers, status: number): Promise<number> {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  if (answer.status !== status) throw new Error(`${url}: expected ${status}, got ${answer.status}`);
  return (await wrkIsInstalled) ? byWrk(url, headers) : byOurselves(url, headers);
}

async function byWrk(url: string, headers: Headers): Promise<number> {
  const given = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const load = ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`];
  const { stdout } = await promisify(execFile)("wrk", [...load, ...given, url]);
  const [, perSecond] = /^Requests\/sec:\s+([\d.]+)$/m.exec(stdout) ?? [];
  if (perSecond === undefined) throw new Error(`expected Requests/sec in what wrk says, got ${stdout}`);
  return Number(perSecond);
}

/** Less than wrk can ask for, and the same for both. */
async function byOurselves(url: string, headers: Headers): Promise<number> {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS });
  const until = performance.now() + SECONDS * 1000;
  let answers = 0;
  const connections = Array.from({ length: CONNECTIONS }, async () => {
    for (; performance.now() < until; answers++) {
      const { body } = await pool.request({ method: "GET", path: `${pathname}${search}`, headers });
      await body.dump();
    }
  });
  await Promise.all(connections);
  await pool.close();
  return answers / SECONDS;
}
