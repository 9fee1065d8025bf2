import { networkInterfaces } from "node:os";
import { z } from "zod";
import { integer } from "../settings.js";

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i;

/** All interfaces: of both families where the machine has both. */
function anyHost(): string {
  const families = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ family }) => family));
  return families.includes("IPv6") ? "::" : "0.0.0.0";
}

const address = z.string().transform((text, context) => {
  const [, ipv6, host, port] = ADDRESS.exec(text) ?? [];
  if (port !== undefined && Number(port) < 65_536) {
    return { host: ipv6 ?? (host || anyHost()), port: Number(port) };
  }
  context.addIssue('expected "host:port" or ":port"');
  return z.NEVER;
});

export const httpSettings = {
  PORT: integer(0, 65_535).prefault("8080").describe("port to listen on; 0 means any free port"),
  RUNTIME_HTTPSERVER_ADDRESS: address
    .optional()
    .describe(
      "address to listen on, `host:port` or `:port` (all interfaces). It wins over PORT. Unset: PORT, on this machine only",
    ),
};

export function listenAddress(config: z.infer<z.ZodObject<typeof httpSettings>>): {
  host: string;
  port: number;
} {
  return config.RUNTIME_HTTPSERVER_ADDRESS ?? { host: "127.0.0.1", port: config.PORT };
}
