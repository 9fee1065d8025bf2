import { int64At, type Int64s } from "../edges/int64.js";
import { NONE } from "../edges/table.js";
import {
  CLIENT_ACCEPTED,
  CLIENT_REJECTED,
  SERVER_ACCEPTED,
  SERVER_REJECTED,
  type Conversations,
} from "../view/conversations.js";
import type { SumColumns } from "../view/sums.js";

const TCP = 6;
/** Of the server's flags, only an accepted connection sets it. */
const SYN = 2;
/** Of a TCP packet with nothing in it and no options, as a RST is; a SYN has options. */
const [RST_BYTES, RST_BYTES_IPV6] = [40, 60];
const HAS_CLIENT = (1 << CLIENT_ACCEPTED) | (1 << CLIENT_REJECTED);

/** Who asked whom, and what came of it. Columns, an entry each conversation. */
export interface Asking {
  /** Numbers of addresses. Where no end serves, as of ICMP, who sent is the client if the other never did. */
  readonly client: Int32Array;
  readonly server: Int32Array;
  /** Bytes that were let pass, from the client and from the server. */
  readonly sent: Float64Array;
  readonly received: Float64Array;
  /** Records from the client, let pass or rejected; packets where the graph doesn't know records. */
  readonly accepted: Float64Array;
  readonly rejected: Float64Array;
  /** 1 where the server took part: more came back than a refusal. */
  readonly answered: Uint8Array;
}

export function askingOf(table: Conversations): Asking {
  const { size, traffic, has, served } = table;
  const fromClient = traffic[CLIENT_ACCEPTED];
  const fromServer = traffic[SERVER_ACCEPTED];
  const refused = recordsOf(traffic[SERVER_REJECTED]);
  const asking = {
    client: table.client.slice(),
    server: table.server.slice(),
    sent: doublesOf(fromClient.bytes),
    received: doublesOf(fromServer.bytes),
    accepted: doublesOf(recordsOf(fromClient)),
    rejected: doublesOf(recordsOf(traffic[CLIENT_REJECTED])),
    answered: answeredOf(table),
  };
  for (let row = 0; row < size; row++) {
    if (served[row] === 1 || ((has[row] ?? 0) & HAS_CLIENT) !== 0) continue;
    asking.client[row] = table.server[row] ?? 0;
    asking.server[row] = table.client[row] ?? 0;
    asking.sent[row] = int64At(fromServer.bytes, row);
    asking.received[row] = 0;
    asking.accepted[row] = int64At(recordsOf(fromServer), row);
    asking.rejected[row] = int64At(refused, row);
    asking.answered[row] = 0;
  }
  return asking;
}

/** A closed port answers too, by a RST. */
function answeredOf(table: Conversations): Uint8Array {
  const { size, traffic, protocol, server, serverFlags, values } = table;
  const { bytes, packets } = traffic[SERVER_ACCEPTED];
  const answered = new Uint8Array(size);
  for (let row = 0; row < size; row++) {
    const count = int64At(packets, row);
    if (count === 0) continue;
    const flags = serverFlags?.[row] ?? NONE;
    if (protocol[row] !== TCP || (flags !== NONE && (flags & SYN) !== 0)) {
      answered[row] = 1;
      continue;
    }
    const empty = values.version(server[row] ?? 0) === 6 ? RST_BYTES_IPV6 : RST_BYTES;
    if (int64At(bytes, row) > empty * count) answered[row] = 1;
  }
  return answered;
}

function recordsOf({ flows, packets }: SumColumns): Int64s {
  return flows ?? packets;
}

/** To the nearest double. */
function doublesOf(column: Int64s): Float64Array {
  const doubles = new Float64Array(column.length / 2);
  for (let row = 0; row < doubles.length; row++) doubles[row] = int64At(column, row);
  return doubles;
}
