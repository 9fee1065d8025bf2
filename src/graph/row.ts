/** The 8 bytes after the last field: whoever copies it may read so many bytes too many. */
const OVERREAD = " ".repeat(8);

/**
 * Where the fields of an edge lie among some bytes. Each begins at its position and ends one byte, the separator,
 * before the next one. It is all ASCII without control characters, as are the 8 bytes after it, and can stand
 * between double quotes in DOT as it is.
 */
export class Row {
  view: DataView = new DataView(new ArrayBuffer(0));
  account = 0;
  interface = 0;
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  protocol = 0;
  packets = 0;
  bytes = 0;
  start = 0;
  end = 0;
  action = 0;
  rejected = false;

  /** Takes the fourteen fields of a line, valid ones. */
  setFields(fields: readonly string[]): void {
    // A backslash before the closing quote would escape it, and in a label it begins an escape sequence.
    const escaped = fields.map((field) => field.replaceAll("\\", "\\\\"));
    const bytes = new Uint8Array(Buffer.from(escaped.join(" ") + OVERREAD));
    this.view = new DataView(bytes.buffer);
    let at = 0;
    const starts = escaped.map((field) => {
      const start = at;
      at += field.length + 1;
      return start;
    });
    [
      ,
      this.account = 0,
      this.interface = 0,
      this.source = 0,
      this.destination = 0,
      this.sourcePort = 0,
      this.destinationPort = 0,
      this.protocol = 0,
      this.packets = 0,
      this.bytes = 0,
      this.start = 0,
      this.end = 0,
      this.action = 0,
    ] = starts;
    this.rejected = fields[12]?.toUpperCase() === "REJECT";
  }
}
