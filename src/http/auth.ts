import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { secret } from "../settings.js";
import { HttpError } from "./errors.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whose token a route needs. Unset: a caller's, so that no route is open by oversight. */
    access?: "open" | "produce";
  }
}

/** What a header can carry: visible ASCII. */
const TOKEN = /^[\x21-\x7e]+$/;
const CREDENTIALS = /^Bearer +([\x21-\x7e]+) *$/i;

const tokens = z
  .string()
  .transform((text, context) => {
    const list = text.split(",").map((token) => token.trim());
    if (list.every((token) => TOKEN.test(token))) return list;
    context.addIssue("expected tokens of visible ASCII characters, separated by commas");
    return z.NEVER;
  })
  .optional();

export const accessSettings = {
  API_TOKENS: secret(
    tokens.describe("bearer tokens of callers, separated by commas. Unset: open to everybody"),
  ),
  PRODUCE_TOKENS: secret(
    tokens.describe(
      "bearer tokens of whoever delivers jobs, separated by commas. Unset: open to everybody, or with API_TOKENS only to the service itself",
    ),
  ),
};

/** The tokens that are accepted, several at once so that they can be rotated. An empty list accepts nobody. */
export interface AccessTokens {
  /** Of callers. Undefined: open to all. */
  readonly api?: readonly string[] | undefined;
  /** Of whoever POSTs jobs. Undefined: open to all, or with `api` to the service itself alone. */
  readonly produce?: readonly string[] | undefined;
}

export function accessTokens(config: z.infer<z.ZodObject<typeof accessSettings>>): AccessTokens {
  return { api: config.API_TOKENS, produce: config.PRODUCE_TOKENS };
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Tells whether a token is one of these in a time that says nothing of how near it came, or to which. */
export class TokenSet {
  readonly #hashes: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#hashes = tokens.map(hash);
  }

  has(token: string): boolean {
    const given = hash(token);
    // Compared with every one of them, also when the first is equal.
    return this.#hashes.filter((known) => timingSafeEqual(known, given)).length > 0;
  }
}

/**
 * Lets requests through that carry a token of the kind that their route needs. Call it before any plugin is registered:
 * plugins inherit the hooks that are there by then, and with them their routes are covered.
 *
 * @param loopbackToken what the service's own queuer sends along with jobs
 */
export function requireTokens(
  app: FastifyInstance,
  { api, produce }: AccessTokens,
  loopbackToken: string | undefined,
): void {
  if (api === undefined && produce === undefined) return;
  const callers = api && new TokenSet(api);
  const deliverers = new TokenSet([
    ...(produce ?? []),
    ...(loopbackToken === undefined ? [] : [loopbackToken]),
  ]);

  // Not onRequest: middleware sees every request there, and answers some itself (CORS preflights carry no token).
  app.addHook("preParsing", (request, reply, _payload, done) => {
    const { access } = request.routeOptions.config;
    const accepted = access === "produce" ? deliverers : callers;
    if (access === "open" || accepted === undefined) {
      done();
      return;
    }
    // Of several Node would show the first; a proxy in front may have looked at another.
    const [credentials = "", ...others] = request.raw.headersDistinct.authorization ?? [];
    const [, token] = (others.length === 0 && CREDENTIALS.exec(credentials)) || [];
    if (token !== undefined && accepted.has(token)) {
      done();
      return;
    }
    reply.header("www-authenticate", token === undefined ? "Bearer" : 'Bearer error="invalid_token"');
    const whose = access === "produce" ? "of those who deliver jobs" : "of callers";
    throw new HttpError(401, `this needs a token ${whose}, sent as "Authorization: Bearer …"`);
  });
}
