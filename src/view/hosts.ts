import { NONE, textOf, type Names } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import type { AddressValue } from "../flow-log/cidr.js";
import { withRoom } from "../flow-log/room.js";
import type { Conversations } from "./conversations.js";
import { isPrivate } from "./internet.js";
import type { LoggerField } from "./loggers.js";

/** On which side of the border a host is. */
export type Side = "inside" | "internet";

/** What a host, or the network it lies in, is called. */
export interface HostName {
  readonly text: string;
  /** What it belongs to. */
  readonly group?: string;
  /** Undefined: the name doesn't say. */
  readonly side?: Side;
  /** What the name is known from. */
  readonly source: "csv" | "log" | "ip-ranges" | "mmdb";
}

/** Who knows names. */
export interface NameLookup {
  /** @param ofLog what the log itself calls the host, less trusted than some */
  find(address: AddressValue, ofLog?: HostName): HostName | undefined;
}

export const NO_NAMES: NameLookup = { find: (_, ofLog) => ofLog };

/** What can be known of a host beside its address. */
export const HOST_FIELDS = ["name", "team", "account", "interface", "vpc", "subnet", "instance"] as const;
export type HostField = (typeof HOST_FIELDS)[number];

const LOGGER_FIELDS: Readonly<Partial<Record<HostField, LoggerField>>> = {
  vpc: "vpc_id",
  subnet: "subnet_id",
  instance: "instance_id",
};
const UNKNOWN_SIDE = 0;
const INSIDE = 1;
const INTERNET = 2;

/** The hosts of a window by the numbers of their addresses: on which side they are, what they are called and belong to. */
export class Hosts {
  readonly #table: Conversations;
  readonly #names: NameLookup;
  /** By address: 1 + the interface that has it. */
  #logger = new Int32Array(0);
  #side = new Uint8Array(0);
  /** By address: 0 when nobody has asked yet, else 1 + the place in `#found`. */
  #name = new Int32Array(0);
  readonly #found: (HostName | undefined)[] = [undefined];
  /** Of accounts and values, which many hosts share. */
  readonly #texts = new Map<ByteTable, Map<number, string>>();

  constructor(table: Conversations, names: NameLookup) {
    this.#table = table;
    this.#names = names;
    const { loggers } = table;
    for (const [slot, address] of loggers.addresses.entries()) {
      if (address === NONE) continue;
      this.#logger = withRoom(this.#logger, address + 1);
      if (this.#logger[address] === 0) this.#logger[address] = Math.floor(slot / 2) + 1;
    }
  }

  /** Internet is what isn't private, unless a name says otherwise or an interface of the window has the address. */
  isInternet(address: number): boolean {
    this.#side = withRoom(this.#side, address + 1);
    if (this.#side[address] === UNKNOWN_SIDE) this.#side[address] = this.#look(address);
    return this.#side[address] === INTERNET;
  }

  text(address: number): string {
    return textOf(this.#table.names.addresses, address);
  }

  name(address: number): HostName | undefined {
    this.#name = withRoom(this.#name, address + 1);
    const known = this.#name[address] ?? 0;
    if (known > 0) return this.#found[known - 1];
    const name = this.#findName(address);
    this.#name[address] = name === undefined ? 1 : this.#found.push(name);
    return name;
  }

  #findName(address: number): HostName | undefined {
    const ofLog = this.#nameInLog(address);
    if (this.#names === NO_NAMES) return ofLog;
    const { values } = this.#table;
    const words = new Uint32Array(4);
    for (let index = 0; index < 4; index++) words[index] = values.word(address, index);
    return this.#names.find({ version: values.version(address), words }, ofLog);
  }

  field(field: HostField, address: number): string | undefined {
    if (field === "name") return this.name(address)?.text;
    if (field === "team") return this.name(address)?.group;
    const logger = (this.#logger[address] ?? 0) - 1;
    return logger < 0 ? undefined : this.fieldOfLogger(field, logger);
  }

  /** Of who logged something; nothing of names. */
  fieldOfLogger(field: HostField, logger: number): string | undefined {
    const { names, loggers } = this.#table;
    if (field === "account") return this.#text(names, "accounts", loggers.account[logger]);
    if (field === "interface") return this.#text(names, "interfaces", loggers.interface[logger]);
    const column = LOGGER_FIELDS[field];
    return column && this.#text(names, "values", loggers.fields[column]?.[logger]);
  }

  #nameInLog(address: number): HostName | undefined {
    const { names, loggers } = this.#table;
    const logger = (this.#logger[address] ?? 0) - 1;
    if (logger < 0) return undefined;
    const text =
      this.#text(names, "values", loggers.fields.ecs_service_name?.[logger]) ??
      this.#text(names, "values", loggers.fields.instance_id?.[logger]);
    return text === undefined ? undefined : { text, source: "log" };
  }

  #look(address: number): number {
    const told = this.name(address)?.side;
    if (told !== undefined) return told === "internet" ? INTERNET : INSIDE;
    if ((this.#logger[address] ?? 0) > 0) return INSIDE;
    return isPrivate(this.#table.values, address) ? INSIDE : INTERNET;
  }

  #text(names: Names, table: keyof Names, number: number | undefined): string | undefined {
    if (number === undefined || number === NONE) return undefined;
    const texts: ByteTable = names[table];
    if (table === "interfaces") return textOf(texts, number);
    let cached = this.#texts.get(texts);
    if (cached === undefined) this.#texts.set(texts, (cached = new Map()));
    let text = cached.get(number);
    if (text === undefined) cached.set(number, (text = textOf(texts, number)));
    return text;
  }
}
