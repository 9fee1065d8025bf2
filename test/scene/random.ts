import { seededRandom } from "../support/random.js";

const SERVICES = [443, 443, 443, 80, 53, 22, 123, 3306, 5432, 6379, 8080, 9092, 9200, 389, 25, 27_017];

/**
 * Records without any sense: everybody talks to everybody, on any port, from inside and outside, a few of them rejected. What
 * stands out in them stands out by chance.
 */
export function randomRecords(window: { readonly startDate: Date }, records: number): string {
  const random = seededRandom(records);
  const int = (below: number) => Math.floor(random() * below);
  const start = window.startDate.getTime() / 1000;
  // A few have most of it.
  const host = (hosts: number) => Math.floor(hosts ** random()) - 1;
  const inside = () => {
    const n = host(1400);
    return `10.${n % 7}.${n % 251}.${1 + (n % 253)}`;
  };
  const outside = () => {
    const n = host(600);
    return `${60 + (n % 90)}.${n % 199}.${n % 83}.${1 + (n % 251)}`;
  };
  const lines: string[] = [];
  for (let n = 0; n < records; n++) {
    const [one, other] = [inside(), random() < 0.65 ? inside() : outside()];
    const [service, client] = [SERVICES[int(SERVICES.length)] ?? 443, 32_768 + int(28_000)];
    const isRejected = random() < 0.03;
    const port = isRejected ? 1 + int(65_535) : service;
    const [source, destination] = random() < 0.5 ? [one, other] : [other, one];
    const ports = isRejected || random() < 0.5 ? `${client} ${port}` : `${port} ${client}`;
    const packets = isRejected ? 1 : 1 + int(5000 * random() ** 3);
    const end = start + int(3500);
    lines.push(
      `2 123456789012 eni-${one.replaceAll(".", "")} ${source} ${destination} ${ports} 6 ${packets} ${packets * (40 + int(1400))} ${end - 40} ${end} ${isRejected ? "REJECT" : "ACCEPT"} OK`,
    );
  }
  return `${lines.join("\n")}\n`;
}
