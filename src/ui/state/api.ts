import { signal } from "@preact/signals";

const TOKEN = "vpcflow-grapherd token";

/** Of this tab, as long as it is open. It is sent in a header and nowhere else. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? "");

/** Whether the service wants a token, and has none that it takes. */
export const isTokenWanted = signal(false);

export function setToken(text: string): void {
  token.value = text;
  sessionStorage.setItem(TOKEN, text);
  isTokenWanted.value = false;
}

/** What the service answered. `message` says why it didn't do what was asked. */
export interface Answered {
  readonly status: number;
  readonly message: string;
  readonly retryAfterMs: number;
  readonly response: Response;
}

const LEAST_RETRY_MS = 500;

/** @throws Error when there is no answer: the service can't be reached, or `signal` */
export async function call(
  path: string,
  {
    method = "GET",
    accept = "application/json",
    signal,
  }: { method?: string; accept?: string; signal?: AbortSignal } = {},
): Promise<Answered> {
  const headers: Record<string, string> = { accept };
  if (token.value !== "") headers["authorization"] = `Bearer ${token.value}`;
  let response;
  try {
    response = await fetch(path, { method, headers, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Error("the service can't be reached", { cause: error });
  }
  if (response.status === 401) isTokenWanted.value = true;
  const seconds = Number(response.headers.get("retry-after") ?? 1);
  return {
    status: response.status,
    message: response.status >= 400 ? await messageOf(response) : "",
    retryAfterMs: Math.max(LEAST_RETRY_MS, 1000 * (Number.isFinite(seconds) ? seconds : 1)),
    response,
  };
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "message" in body) return String(body.message);
  } catch {
    // From something in front of the service.
  }
  return `${response.status} ${response.statusText}`.trim();
}
