import type { Dispatcher } from "undici";
import { withDeadline } from "../deadline.js";
import type { DependencyName } from "../errors.js";
import { request, unexpectedAnswer, withoutQuery, type HttpRequest } from "./request.js";

const DEADLINE_MS = 2000;
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/**
 * Resolves when a server answers at all. What it says to a HEAD is its own affair, unless it is a gateway that says
 * that nobody is behind it: neither vpcflow-digesterd nor a bus has a cheap call that is known to succeed.
 *
 * @throws DependencyError
 */
export async function probe(
  client: Dispatcher,
  dependency: DependencyName,
  url: URL,
  signal: AbortSignal,
): Promise<void> {
  const head: HttpRequest = { method: "HEAD", url };
  const wait = { dependency, doing: `HEAD ${withoutQuery(url)}`, ms: DEADLINE_MS };
  await withDeadline(wait, signal, async (signal) => {
    const answer = await request(client, dependency, head, signal);
    if (GATEWAY_STATUSES.has(answer.statusCode)) {
      throw await unexpectedAnswer(dependency, head, "any answer but a gateway's", answer);
    }
    void answer.body.dump();
  });
}
