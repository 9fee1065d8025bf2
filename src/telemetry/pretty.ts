import type { DestinationStream } from "pino";

/** Lines for people, when stdout is a terminal and pino-pretty is there: it comes with a checkout, not with the image. */
export async function prettyDestination(): Promise<DestinationStream | undefined> {
  if (!process.stdout.isTTY) return undefined;
  try {
    const { default: pretty } = await import("pino-pretty");
    return pretty({ messageKey: "message", errorLikeObjectKeys: ["error", "err"], sync: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
