import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

export type Shape = "usual" | "hostile";

/** All records end in it. */
export const WINDOW = { start: "2023-11-14T22:00:00Z", stop: "2023-11-15T00:00:00Z" } as const;
const FIRST_START = 1_700_000_000;

const HOSTS = 10_000;
const SERVICE_PORTS = [443, 443, 443, 80, 80, 53, 22, 123, 3306, 5432, 6379, 8080, 9092];

/**
 * Writes records in the default format, as flow logs and digests have them, the same ones every time.
 *
 * - usual: 10,000 hosts of which a few are busy and each serves one port, 2 % IPv6, 3 % rejected, 1 % NODATA and SKIPDATA
 * - hostile: no address comes twice, all are long IPv6 ones, and no end has the port of a service
 */
export async function makeRecords(path: string, records: number, shape: Shape): Promise<void> {
  const random = randomNumbers(0x5eed);
  const below = (n: number) => Math.floor(random() * n);
  // The power makes the first hosts busy.
  const host = () => Math.floor(HOSTS * random() ** 4);
  const record = (n: number) => {
    const start = FIRST_START + below(3600);
    const reporter = host();
    const logged = `2 ${123_456_789_010 + (reporter % 3)} eni-${(reporter * 0x9e37 + 0xabcdef0123).toString(16).padStart(17, "0")}`;
    if (shape === "usual" && random() < 0.01) {
      return `${logged} - - - - - - - ${start} ${start + 60} - ${random() < 0.9 ? "NODATA" : "SKIPDATA"}`;
    }
    const [client, server] = shape === "hostile" ? [2 * n, 2 * n + 1] : [reporter, host()];
    const address = shape === "hostile" || random() < 0.02 ? ipv6 : ipv4;
    const port = shape === "hostile" ? highPort() : (SERVICE_PORTS[server % SERVICE_PORTS.length] ?? 443);
    const ends =
      random() < 0.5
        ? `${address(client)} ${address(server)} ${highPort()} ${port}`
        : `${address(server)} ${address(client)} ${port} ${highPort()}`;
    const packets = 1 + Math.floor(5000 * random() ** 4);
    const sums = `${packets} ${packets * (40 + below(1400))}`;
    return `${logged} ${ends} ${port === 53 ? 17 : 6} ${sums} ${start} ${start + 60} ${random() < 0.03 ? "REJECT" : "ACCEPT"} OK`;
  };
  const highPort = () => 32_768 + below(28_000);
  const file = createWriteStream(path);
  let text = "";
  for (let n = 0; n < records; n++) {
    text += `${record(n)}\n`;
    if (text.length > 1 << 20) {
      if (!file.write(text)) await once(file, "drain");
      text = "";
    }
  }
  file.end(text);
  await finished(file);
}

/** Spreads consecutive numbers over all octets, injectively: the factor is odd. */
function ipv4(host: number): string {
  const bits = Math.imul(host, 0x9e3779b1);
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join(".");
}

function ipv6(host: number): string {
  const bits = Math.imul(host, 0x9e3779b1) >>> 0;
  const hex = (bits >>> 16).toString(16);
  return `2600:1f18:${hex}:a1${(host % 90) + 10}:8d6e:${hex}:df66:${(bits & 0xffff).toString(16)}`;
}

/** Numbers from 0 to 1, a linear congruential sequence (Numerical Recipes). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
