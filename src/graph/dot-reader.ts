import { withRoom } from "../flow-log/room.js";
import {
  BATCH_ROWS,
  newBatch,
  newNames,
  NOT_REJECTED,
  partOf,
  REJECT,
  type EdgeBatch,
} from "../edges/table.js";
import { CorruptInputError } from "../errors.js";
import { ByteTable } from "../flow-log/byte-table.js";
import { viewOf } from "../flow-log/data-view.js";
import { DotLine, piece } from "./dot-line.js";
import { WholeLines } from "./whole-lines.js";

const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Longer than any edge: two names of 256 backslashes, each doubled, each written twice, take 2 KiB. */
const MAX_LINE_BYTES = 8192;
const MAX_NAME_BYTES = 256;
const MAX_ID_BYTES = 64;
/**
 * What the nodes of the Go service are called, only the end of the file tells: its edges are held until then, some 60
 * bytes each. It took 3 KiB of memory for each of them itself.
 */
const MAX_HELD_EDGES = 4_000_000;

const OPEN = piece("digraph {");
const CLOSE = piece("}");
const TAB = piece("\t");
const QUOTE_MARK = piece('"');
const ARROW = piece(" -> ");
const NODE_LABEL = piece(' [label="');
const ACCOUNT = piece(' [govpc_accountID="');
const INTERFACE = piece('" govpc_eniID="');
const SOURCE_PORT = piece('" govpc_srcPort="');
const DESTINATION_PORT = piece('" govpc_dstPort="');
const PROTOCOL = piece('" govpc_protocol="');
const PACKETS = piece('" govpc_packets="');
const BYTES = piece('" govpc_bytes="');
const START = piece('" govpc_start="');
const END = piece('" govpc_end="');
const GREEN = piece('" color=green label="');
const RED = piece('" color=red label="');
const LABEL_END = piece('"]');

/** Turns the bytes of a DOT, cut anywhere, into batches of edges. Synchronous: `dotToEdges` makes a stream of it. */
export class DotReader {
  readonly #names = newNames();
  readonly #whole = new WholeLines(
    (bytes, from, end) => this.#readLines(bytes, from, end),
    MAX_LINE_BYTES,
    (start) => {
      const line = new DotLine();
      line.number = this.#line.number;
      line.setBytes(start, viewOf(start));
      line.setLine(0, start.length);
      return line.error(`a line of at most ${MAX_LINE_BYTES} bytes`);
    },
  );
  readonly #line = new DotLine();
  #state: "begin" | "edges" | "nodes" | "end" = "begin";
  /** Nodes are quoted addresses; of the Go service, ids without quotes. */
  #isQuoted: boolean | undefined;
  readonly #ids = new ByteTable(() => true, MAX_ID_BYTES);
  /** Of each id the number of its address + 1, once its node has come. */
  #addressOf = new Int32Array(0);
  /** Edges between ids. */
  #held: EdgeBatch[] = [];
  #batch: EdgeBatch | undefined;
  #rows = 0;
  #done: EdgeBatch[] = [];
  readonly #scratch = Buffer.alloc(2 * MAX_NAME_BYTES);
  readonly #scratchView = viewOf(this.#scratch);

  /** Whether nodes have ids as the Go service made them, of an address without its dots and colons. */
  get hasIds(): boolean {
    return this.#isQuoted === false;
  }

  /** @throws CorruptInputError when a line is none of a graph */
  write(bytes: Buffer): void {
    this.#whole.write(bytes);
  }

  /** @throws CorruptInputError when the graph isn't whole */
  end(): void {
    this.#whole.end();
    if (this.#state !== "end") {
      throw new CorruptInputError(`line ${this.#line.number + 1} of the DOT: expected more, got its end`);
    }
    this.#endBatch();
    for (const batch of this.#held) this.#resolve(batch);
    this.#done.push(...this.#held);
  }

  /** The batches that are finished, each once. With ids there are none before the end. */
  take(): EdgeBatch[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  #readLines(bytes: Buffer, from: number, end: number): void {
    const line = this.#line;
    line.setBytes(bytes, viewOf(bytes));
    for (let at = from; at < end;) {
      const next = bytes.indexOf(LF, at) + 1;
      line.setLine(at, next);
      this.#readLine(line);
      at = next;
    }
  }

  #readLine(line: DotLine): void {
    if (this.#state === "begin") {
      line.expect(OPEN);
      line.expectEnd();
      this.#state = "edges";
    } else if (this.#state === "end") {
      throw line.error("the end of the graph");
    } else if (line.skip(CLOSE)) {
      line.expectEnd();
      this.#state = "end";
    } else {
      line.expect(TAB);
      const isQuoted = line.skip(QUOTE_MARK);
      this.#isQuoted ??= isQuoted;
      if (isQuoted !== this.#isQuoted) throw line.error("nodes named as before");
      const node = this.#node(line, isQuoted);
      if (this.#state === "edges" && line.skip(ARROW)) this.#readEdge(line, node, isQuoted);
      else this.#readNode(line, node, isQuoted);
    }
  }

  #readEdge(line: DotLine, source: number, isQuoted: boolean): void {
    const batch = (this.#batch ??= newBatch(this.#names, BATCH_ROWS, []));
    const row = this.#rows;
    batch.source[row] = source;
    if (isQuoted) line.expect(QUOTE_MARK);
    batch.destination[row] = this.#node(line, isQuoted);
    line.expect(ACCOUNT);
    batch.account[row] = this.#name(line, this.#names.accounts, "an account", isQuoted);
    line.expect(INTERFACE);
    batch.interface[row] = this.#name(line, this.#names.interfaces, "an interface", isQuoted);
    line.expect(SOURCE_PORT);
    batch.sourcePort[row] = line.limited("a port", 65_535);
    line.expect(DESTINATION_PORT);
    batch.destinationPort[row] = line.limited("a port", 65_535);
    line.expect(PROTOCOL);
    batch.protocol[row] = line.limited("a protocol", 255);
    line.expect(PACKETS);
    line.int64(batch.packets, row);
    line.expect(BYTES);
    line.int64(batch.bytes, row);
    line.expect(START);
    line.int64(batch.start, row);
    line.expect(END);
    line.int64(batch.end, row);
    if (line.skip(GREEN)) batch.action[row] = NOT_REJECTED;
    else {
      line.expect(RED);
      batch.action[row] = REJECT;
    }
    // The label says the same once more.
    line.expectEnding(LABEL_END);
    if (++this.#rows === BATCH_ROWS) this.#endBatch();
  }

  #readNode(line: DotLine, node: number, isQuoted: boolean): void {
    this.#state = "nodes";
    line.expect(NODE_LABEL);
    const from = line.until(QUOTE, "a label");
    const address = this.#names.addresses.intern(line.view, from, line.at);
    line.expect(LABEL_END);
    line.expectEnd();
    if (address < 0 || (isQuoted && address !== node)) throw line.error("an address as the label", from);
    if (isQuoted) return;
    this.#addressOf = withRoom(this.#addressOf, node + 1);
    this.#addressOf[node] = address + 1;
  }

  /** A node: the number of its address, or of its id. */
  #node(line: DotLine, isQuoted: boolean): number {
    const from = line.until(isQuoted ? QUOTE : SPACE, "a node");
    const table = isQuoted ? this.#names.addresses : this.#ids;
    const number = table.intern(line.view, from, line.at);
    if (number < 0)
      throw line.error(isQuoted ? "an address" : `an id of 1 to ${MAX_ID_BYTES} characters`, from);
    if (isQuoted) line.expect(QUOTE_MARK);
    return number;
  }

  /** A name before the next quote, unescaped unless the Go service wrote it. */
  #name(line: DotLine, table: ByteTable, expected: string, isEscaped: boolean): number {
    const from = isEscaped ? line.untilQuote(expected) : line.until(QUOTE, expected);
    const number =
      isEscaped && line.hasBackslash
        ? this.#unescaped(line, table, from)
        : table.intern(line.view, from, line.at);
    if (number < 0) throw line.error(expected, from);
    return number;
  }

  /** The number of a name in which each backslash is doubled; -1 when it isn't one. */
  #unescaped(line: DotLine, table: ByteTable, from: number): number {
    let length = 0;
    for (let at = from; at < line.at; at++) {
      const byte = line.bytes[at] ?? 0;
      if (byte === BACKSLASH && line.bytes[++at] !== BACKSLASH) return -1;
      if (length === MAX_NAME_BYTES) return -1;
      this.#scratch[length++] = byte;
    }
    return table.intern(this.#scratchView, 0, length);
  }

  #endBatch(): void {
    if (this.#batch === undefined || this.#rows === 0) return;
    const kept = this.hasIds ? this.#held : this.#done;
    kept.push(partOf(this.#batch, 0, this.#rows));
    this.#batch = undefined;
    this.#rows = 0;
    if (this.#held.length * BATCH_ROWS > MAX_HELD_EDGES) {
      throw new CorruptInputError(
        `expected a graph of the Go service to have at most ${MAX_HELD_EDGES} edges, got more`,
      );
    }
  }

  /** Ids to addresses. */
  #resolve(batch: EdgeBatch): void {
    for (const ends of [batch.source, batch.destination]) {
      for (let i = 0; i < batch.rows; i++) {
        const address = (this.#addressOf[ends[i] ?? 0] ?? 0) - 1;
        if (address < 0)
          throw new CorruptInputError("expected the DOT to have a node for each id, got an edge without");
        ends[i] = address;
      }
    }
  }
}
