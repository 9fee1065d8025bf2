/** What a name is known from, most trusted first. */
type NameSource = "csv" | "log" | "ip-ranges" | "mmdb";

/** On whose side of the border an address is. */
export type Side = "inside" | "internet";

/** What an address, or the network that it lies in, is called. */
export interface Name {
  readonly text: string;
  /** What it belongs to: a team, a cloud, a country. */
  readonly group?: string;
  /** Which side the name puts the address on, whatever its number says. Undefined: the name doesn't say. */
  readonly side?: Side;
  readonly source: NameSource;
  /** The file that has it, as it stands in NAMES. Undefined for the log's own. */
  readonly file?: string;
}
