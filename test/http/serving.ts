import { onTestFinished } from "vitest";
import { request, type Dispatcher } from "undici";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { type AppOptions, buildApp } from "../../src/http/app.js";
import { ErrorBody } from "../../src/http/errors.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Modules } from "../../src/service.js";
import type { TimeWindow } from "../../src/window.js";
import { deviation, ownDocument } from "../support/checked-fetch.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";

export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Buffer;
  /** The message of an error, which has to be a whole one. */
  readonly message: string;
}

export interface Serving {
  readonly url: string;
  readonly storage: MemoryStorage;
  readonly marker: MemoryMarker;
  readonly digesterd: Digesterd;
  /** Ahead of the test's end. */
  readonly close: () => Promise<void>;
  readonly call: (
    method: Dispatcher.HttpMethod,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Buffer },
  ) => Promise<Answer>;
}

/** A line of a digest. */
export const LINE = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n";

/**
 * The service over HTTP on a port of its own, with a digester beside it, until the test ends. Every answer is held to the
 * service's own OpenAPI document.
 *
 * @param atEnd takes what ends it, for several tests to share it
 */
export async function serve(
  env: Record<string, string> = {},
  modules: Partial<Modules> = {},
  options: AppOptions = {},
  atEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<Serving> {
  const digesterd = await startDigesterd(LINE);
  const storage = new MemoryStorage();
  const marker = new MemoryMarker();
  const service = new BuiltInService(
    { storage, marker, ...modules },
    {
      DIGESTER_ENDPOINT: digesterd.server.url.href,
      DIGESTER_POLLING_INTERVAL: "1",
      RUNTIME_SHUTDOWN_TIMEOUT: "0s",
      WORKER_RETRY_DELAY: "1ms",
      ...env,
    },
  );
  const app = await buildApp(service, options);
  atEnd(async () => {
    await app.close();
    await digesterd.server.close();
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const document = await ownDocument();
  return {
    url,
    storage,
    marker,
    digesterd,
    close: () => app.close(),
    call: async (method, path, options) => {
      const answer = await request(url + path, { method, ...options });
      const body = Buffer.from(await answer.body.arrayBuffer());
      const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      const response = new Response(body.length === 0 ? null : body, { status: answer.statusCode, headers });
      const wrong = await deviation(document, method, new URL(url + path).pathname, response);
      if (wrong !== "") throw new Error(`${method} ${path} answered ${answer.statusCode}: ${wrong}`);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body,
        get message() {
          const error = ErrorBody.parse(JSON.parse(body.toString()));
          if (error.statusCode !== answer.statusCode)
            throw new Error(`expected an error, got ${body.toString()}`);
          return error.message;
        },
      };
    },
  };
}

export function graphOf({ start, stop }: TimeWindow, path = "/graph"): string {
  return `${path}?${new URLSearchParams({ start, stop }).toString()}`;
}
