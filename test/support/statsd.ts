import { createSocket } from "node:dgram";
import { once } from "node:events";

interface Metric {
  readonly name: string;
  readonly value: number;
  /** `c` a count, `g` a gauge, `d` a distribution. */
  readonly type: string;
  readonly tags: readonly string[];
  /** Of a value that was drawn: it stands for 1/rate of them. */
  readonly rate?: number;
}

/** A DogStatsD server that remembers what it was sent. */
export interface Statsd {
  readonly port: number;
  readonly address: string;
  /** Sizes of the packets so far, in bytes. */
  readonly packets: readonly number[];
  readonly metrics: readonly Metric[];
  close(): Promise<void>;
}

function parse(line: string): Metric {
  const [, name, value, type, rate, tags] =
    /^([\w.]+):(-?[\d.e-]+)\|([cgd])(?:\|@([\d.e-]+))?(?:\|#([^|]+))?$/.exec(line) ?? [];
  if (name === undefined || type === undefined) throw new Error(`expected a metric, got ${line}`);
  return {
    name,
    value: Number(value),
    type,
    tags: tags?.split(",") ?? [],
    ...(rate !== undefined && { rate: Number(rate) }),
  };
}

export async function startStatsd(): Promise<Statsd> {
  const packets: number[] = [];
  const metrics: Metric[] = [];
  const socket = createSocket("udp4", (packet) => {
    packets.push(packet.length);
    metrics.push(...packet.toString().split("\n").map(parse));
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  return {
    port,
    address: `127.0.0.1:${port}`,
    packets,
    metrics,
    close: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
