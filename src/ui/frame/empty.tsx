import { Refresh } from "../choose/refresh.js";
import type { GraphView } from "../state/answers.js";
import { number } from "../state/texts.js";

/** What the job's counts mean, of what it read, and of what it left out. */
const READ = { files: "file", records: "record" } as const;
const SKIPPED = {
  nodata: "of an interface without traffic (NODATA)",
  skipdata: "because AWS lost records (SKIPDATA)",
  outsideWindow: "that ended outside the window",
  recordsNotSelected: "of accounts that aren’t read",
  noAddress: "without addresses",
} as const;
const SKIPPED_FILES = {
  emptyFiles: "empty",
  duplicateFiles: "there twice",
  filesOutsideWindow: "of another time",
  filesNotSelected: "not selected by the settings or the scope",
  foreignFiles: "no flow logs",
} as const;

/** A graph without edges: what was read for it, what was skipped, and what one can do. */
export function Empty({ graph: { read } }: Pick<GraphView, "graph">) {
  return (
    <div class="middle scroll">
      <h2>Nobody talked to anybody in this window</h2>
      {read === undefined ? (
        <p>It isn’t known what was read for this graph: no counts are stored beside it.</p>
      ) : (
        <Counts read={read} />
      )}
      <p class="hint">
        AWS delivers flow logs up to 15 minutes late. If this window should have traffic, make the graph
        again, choose another window, or check where DIGESTER_ENDPOINT points.
      </p>
      <Refresh why="" />
    </div>
  );
}

function Counts({ read }: { read: Readonly<Record<string, number>> }) {
  const skipped = textsOf(read, SKIPPED, "record");
  const files = textsOf(read, SKIPPED_FILES, "file");
  const known = Object.entries(READ).flatMap(([name, word]) => {
    const count = read[name];
    return count === undefined ? [] : counted(count, word);
  });
  return (
    <>
      <p>
        Read: {known.join(", ") || "nothing"}.
        {skipped.length === 0 && files.length === 0 && " Nothing was skipped."}
      </p>
      {(skipped.length > 0 || files.length > 0) && (
        <>
          <p>Skipped:</p>
          <ul>
            {[...skipped, ...files].map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function textsOf(
  read: Readonly<Record<string, number>>,
  meanings: Readonly<Record<string, string>>,
  word: string,
): string[] {
  return Object.entries(meanings).flatMap(([name, meaning]) => {
    const count = read[name] ?? 0;
    return count === 0 ? [] : `${counted(count, word)} ${meaning}`;
  });
}

function counted(count: number, word: string): string {
  return `${number(count)} ${count === 1 ? word : `${word}s`}`;
}
