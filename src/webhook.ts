import { createHmac } from "node:crypto";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { withDeadline } from "./deadline.js";
import { DependencyError } from "./errors.js";
import { createHttpClient } from "./http-client/client.js";
import { type HttpRequest, request } from "./http-client/request.js";
import type { Rule } from "./registry.js";
import { secret } from "./settings.js";
import type { Announced, Announcements } from "./worker/announcer.js";

/** Its path may be as secret as a token. */
const address = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
    return url;
  context.addIssue("expected an http:// or https:// URL without user and password");
  return z.NEVER;
});

export const webhookSettings = {
  FINDINGS_WEBHOOK: secret(
    address
      .optional()
      .describe(
        "URL that each new finding in the windows of GRAPH_SCHEDULE is POSTed to, once, as JSON that Slack's incoming webhooks understand. Unset: none",
      ),
  ),
  FINDINGS_WEBHOOK_SECRET: secret(
    z
      .string()
      .min(16, "expected at least 16 characters")
      .optional()
      .describe("key to sign each POST to FINDINGS_WEBHOOK with (X-Signature-256). Unset: not signed"),
  ),
};
type WebhookSettings = z.infer<z.ZodObject<typeof webhookSettings>>;

export const webhookRules: readonly Rule[] = [
  {
    variables: ["FINDINGS_WEBHOOK", "GRAPH_SCHEDULE"],
    expected: "GRAPH_SCHEDULE as well: only findings in scheduled windows are sent",
    holds: ({ FINDINGS_WEBHOOK, GRAPH_SCHEDULE }) =>
      FINDINGS_WEBHOOK === undefined || GRAPH_SCHEDULE !== undefined,
  },
];

/** For a finding in all, retries included. */
const DEADLINE_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** POSTs findings to the URL that the settings name, and to no other: redirects aren't followed. */
export class FindingsWebhook implements Announcements {
  readonly #url: URL;
  readonly #secret: string | undefined;
  readonly #timeoutMs: number;
  readonly #client: Dispatcher = createHttpClient({ maxResponseBytes: MAX_ANSWER_BYTES });

  constructor(url: URL, key: string | undefined, timeoutMs = DEADLINE_MS) {
    this.#url = url;
    this.#secret = key;
    this.#timeoutMs = timeoutMs;
  }

  async stop(): Promise<void> {
    await this.#client.destroy();
  }

  async send(
    finding: Announced,
    { start, stop }: { readonly start: string; readonly stop: string },
    signal: AbortSignal,
  ): Promise<void> {
    const text = inSlack(`${finding.severity}: ${finding.title} (${start} to ${stop})`);
    const body = JSON.stringify({ text, window: { start, stop }, finding });
    const post: HttpRequest = {
      method: "POST",
      url: this.#url,
      shownAs: "FINDINGS_WEBHOOK",
      headers: {
        "content-type": "application/json",
        ...(this.#secret !== undefined && { "x-signature-256": `sha256=${signatureOf(body, this.#secret)}` }),
      },
      body,
    };
    const wait = { dependency: "webhook", doing: "POST FINDINGS_WEBHOOK", ms: this.#timeoutMs } as const;
    await withDeadline(wait, signal, async (signal) => {
      const { statusCode, body } = await request(this.#client, "webhook", post, signal);
      void body.dump();
      if (statusCode >= 200 && statusCode < 300) return;
      // Not its body: many quote the path in it.
      throw new DependencyError(
        "webhook",
        `POST FINDINGS_WEBHOOK: expected a status from 200 to 299, got ${statusCode}`,
      );
    });
  }
}

export function webhookOf(config: WebhookSettings): FindingsWebhook | undefined {
  const { FINDINGS_WEBHOOK: url, FINDINGS_WEBHOOK_SECRET: key } = config;
  return url && new FindingsWebhook(url, key);
}

function signatureOf(body: string, key: string): string {
  return createHmac("sha256", key).update(body).digest("hex");
}

/** What means something in Slack, such as `<!channel>`, means nothing. */
function inSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
