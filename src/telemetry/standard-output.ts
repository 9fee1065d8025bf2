import type { DestinationStream } from "pino";

/** Characters of log lines that wait for a reader, at most. */
const MAX_WAITING = 1024 * 1024;

/**
 * Lines go to stdout. When nobody reads it, as many wait as fit the bound; newer ones are dropped, and counted in one
 * line when there is room again. Nothing waits for a reader: not a call, and not the process when it ends. The lines of one
 * turn of the event loop are written together: a write costs as much as a small request.
 *
 * By `process.stdout`, which never blocks on a pipe or a socket, rather than by pino's own destination: that one leaves a
 * thread in write(2), and flushes when the process exits, both for as long as nobody reads.
 */
export function standardOutput(stdout: NodeJS.WriteStream = process.stdout): DestinationStream {
  let dropped = 0;
  let lines = "";
  const flush = () => {
    if (lines !== "") stdout.write(lines);
    lines = "";
  };
  process.once("exit", flush);
  // A reader that is gone for good, or a full disk, is no reason to end. Lines that come later are tried again.
  stdout.on("error", () => undefined);
  stdout.on("drain", () => {
    if (dropped === 0) return;
    const said = {
      level: "warn",
      time: new Date().toISOString(),
      lines: dropped,
      message: "log-lines-dropped",
    };
    dropped = 0;
    stdout.write(`${JSON.stringify(said)}\n`);
  });
  return {
    write(line) {
      if (stdout.writableLength + lines.length + line.length > MAX_WAITING) {
        dropped += 1;
        return;
      }
      if (lines === "") setImmediate(flush);
      lines += line;
    },
  };
}
