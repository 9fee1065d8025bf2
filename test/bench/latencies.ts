import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

const PAUSE_MS = 5;

/**
 * A caller who asks again some milliseconds after each answer, until the signal aborts: callers must not be what the service is
 * busy with.
 *
 * @returns milliseconds of each answer
 */
export async function latencies(
  url: string,
  method: "GET" | "HEAD",
  path: string,
  signal: AbortSignal,
): Promise<number[]> {
  const pool = new Pool(url, { connections: 1 });
  const taken: number[] = [];
  while (!signal.aborted) {
    const asked = performance.now();
    const { statusCode, body } = await pool.request({ method, path });
    await body.dump();
    taken.push(performance.now() - asked);
    if (statusCode !== 200) throw new Error(`${method} ${path}: expected 200, got ${statusCode}`);
    await sleep(PAUSE_MS);
  }
  await pool.close();
  return taken;
}
