import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

export type Shape = "usual" | "IPv6" | "distinct";

const HOSTS = 10_000;
const SERVICE_PORTS = [443, 443, 443, 80, 80, 53, 22, 123, 3306, 5432, 6379, 8080, 9092];

/**
 * Writes a digest, the same one every time.
 *
 * - usual: 10,000 hosts of which a few are busy, 2 % IPv6, 3 % rejected, 1 % NODATA and SKIPDATA
 * - IPv6: the same with long IPv6 addresses only
 * - distinct: no address comes twice, so there are two nodes for each line
 */
export async function makeDigest(path: string, lines: number, shape: Shape): Promise<void> {
  const random = randomNumbers(0x5eed);
  const below = (n: number) => Math.floor(random() * n);
  // The cube makes the first hosts busy.
  const host = () => Math.floor(HOSTS * random() ** 3);
  const file = createWriteStream(path);
  let text = "";
  for (let i = 0; i < lines; i++) {
    const start = 1_700_000_000 + below(3600);
    const reporter = host();
    const account = 123_456_789_010 + (reporter % 3);
    const eni = `eni-${(reporter * 0x9e37 + 0xabcdef0123).toString(16).padStart(17, "0")}`;
    if (shape === "usual" && random() < 0.01) {
      const status = random() < 0.9 ? "NODATA" : "SKIPDATA";
      text += `2 ${account} ${eni} - - - - - - - ${start} ${start + 60} - ${status}\n`;
    } else {
      const [source, destination] = shape === "distinct" ? [2 * i, 2 * i + 1] : [reporter, host()];
      const address = shape === "IPv6" || (shape === "usual" && random() < 0.02) ? ipv6 : ipv4;
      const port = SERVICE_PORTS[below(SERVICE_PORTS.length)];
      const packets = 1 + Math.floor(5000 * random() ** 4);
      const action = random() < 0.03 ? "REJECT" : "ACCEPT";
      text += `2 ${account} ${eni} ${address(source)} ${address(destination)} ${32_768 + below(28_000)} ${port} ${port === 53 ? 17 : 6} ${packets} ${packets * (40 + below(1400))} ${start} ${start + 60} ${action} OK\n`;
    }
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
  const hex = (bits >>> 16).toString(16).padStart(4, "1");
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
