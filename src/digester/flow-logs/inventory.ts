import { DependencyError } from "../../errors.js";
import { withoutDuplicates } from "./duplicates.js";
import { parsePlace } from "./aws-folders.js";
import { type AwsName, parseAwsName } from "./aws-name.js";
import { firstOf, nothingRecognised } from "./nothing-recognised.js";
import type { FileChoice, FolderChoice } from "./selection.js";
import type { Listing, LogObject } from "./source.js";

/** A file that may hold records of the selection, as a store tells of it. */
export interface Candidate extends Pick<
  LogObject,
  "key" | "version" | "size" | "open" | "read" | "release" | "reuse"
> {
  /** The storage class, when it can't be read from there as it is. */
  readonly archived?: string | undefined;
}

interface Named extends Candidate {
  readonly name: AwsName | undefined;
}

/** How many names of a kind are kept for messages. */
const SHOWN = 5;

/** Gathers what a source has found into a listing: the same from every store. */
export class Inventory {
  readonly #where: string;
  readonly #candidates: Named[] = [];
  readonly #foreign: string[] = [];
  readonly #foreignFolders: string[] = [];
  readonly #unnameable: string[] = [];
  readonly #counts = {
    filesOutsideWindow: 0,
    filesNotSelected: 0,
    foldersNotSelected: 0,
    foreignFiles: 0,
    foreignFolders: 0,
  };
  readonly #links: string[] = [];
  /** Of the folders that weren't looked into, those that hold flow logs of other days. */
  #otherDays = 0;

  /** @param where it was looked, for messages */
  constructor(where: string) {
    this.#where = where;
  }

  /** Takes in a file that isn't a candidate. */
  passOver(key: string, why: Exclude<FileChoice, "candidate">): void {
    if (why === "notSelected") this.#counts.filesNotSelected++;
    else if (why === "outsideWindow") this.#counts.filesOutsideWindow++;
    else if (++this.#counts.foreignFiles <= SHOWN) this.#foreign.push(key);
  }

  /** Takes in a folder that isn't looked into. */
  passOverFolder(folder: string, why: Exclude<FolderChoice, "look" | "day">): void {
    if (why === "foreign") {
      if (++this.#counts.foreignFolders <= SHOWN) this.#foreignFolders.push(folder);
    } else this.#counts.foldersNotSelected++;
    if (why === "outsideWindow") this.#otherDays++;
  }

  passOverLink(key: string): void {
    this.#links.push(key);
  }

  /** Takes in a file that the store lists and gives no way to ask for. */
  passOverUnnameable(key: string): void {
    this.#unnameable.push(key);
  }

  /** How many were added so far. */
  get candidates(): number {
    return this.#candidates.length;
  }

  add(candidate: Candidate): void {
    this.#candidates.push({ ...candidate, name: parseAwsName(candidate.key) });
  }

  /** @throws DependencyError when there is nothing that could be a flow log, or what there is is archived */
  listing(): Listing {
    const { filesOutsideWindow, filesNotSelected, foldersNotSelected, foreignFiles, foreignFolders } =
      this.#counts;
    const left = filesOutsideWindow + filesNotSelected + foldersNotSelected;
    if (this.#candidates.length + left === 0) {
      const links = this.#links.map((key) => `${key} (a link, not followed)`);
      const names = [...this.#foreign, ...this.#foreignFolders, ...links];
      throw nothingRecognised(this.#where, names, foreignFiles + foreignFolders + links.length);
    }
    const { kept, duplicates } = withoutDuplicates(this.#candidates);
    kept.sort((a, b) => compareBytes(a.key, b.key));
    const archived = kept.filter((candidate) => candidate.archived !== undefined);
    if (archived.length > 0) throw areArchived(this.#where, archived);

    const warnings: string[] = [];
    const [twice] = duplicates;
    if (twice !== undefined) {
      const others =
        duplicates.length === 1 ? "1 file is a duplicate" : `${duplicates.length} files are duplicates`;
      warnings.push(
        `${others} by name and not read, such as ${twice.left.key}: ${twice.kept.key} was read instead`,
      );
    }
    if (this.#unnameable.length > 0) {
      warnings.push(
        `${this.#unnameable.length} objects have names that aren't UTF-8 and can't be read: ${firstOf(this.#unnameable)}. Copy them to other names, or leave them out with FLOW_LOG_EXCLUDE`,
      );
    }
    if (this.#links.length > 0) {
      const links = this.#links.length === 1 ? "1 link wasn't" : `${this.#links.length} links weren't`;
      warnings.push(
        `${links} followed: ${firstOf(this.#links)}. To read what a link leads to, let DIGESTER_ENDPOINT point at it`,
      );
    }
    if (kept.length + filesOutsideWindow + this.#otherDays === 0) {
      warnings.push(
        `FLOW_LOG_ACCOUNTS, FLOW_LOG_REGIONS, FLOW_LOG_IDS, FLOW_LOG_INCLUDE, FLOW_LOG_EXCLUDE and the scope that was asked for together leave nothing of what is below ${this.#where}`,
      );
    }
    const counts = {
      ...this.#counts,
      duplicateFiles: duplicates.length,
      ...(this.#links.length > 0 && { linksNotFollowed: this.#links.length }),
      ...(this.#unnameable.length > 0 && { unnameableFiles: this.#unnameable.length }),
    };
    return { objects: kept.map(logObject), counts, warnings, where: this.#where };
  }
}

/** Not by the locale: the same everywhere. Only half a pair of surrogates stands elsewhere in UTF-16 than in UTF-8. */
function compareBytes(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other))
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
const SURROGATE = /[\ud800-\udfff]/;

function logObject({ key, name, version, size, open, read, release, reuse }: Named): LogObject {
  return {
    key,
    version,
    size,
    open,
    read,
    release,
    reuse,
    format: /\.parquet$/i.test(key) ? "parquet" : "text",
    named: name === undefined ? "otherwise" : "aws",
    account: name?.account ?? parsePlace(key).account,
    region: name?.region,
    flowLog: name?.flowLog,
  };
}

function areArchived(where: string, archived: readonly Candidate[]): DependencyError {
  const classes = [...new Set(archived.map(({ archived: name }) => name))].join(" or ");
  const keys = firstOf(archived.map(({ key }) => key));
  return new DependencyError(
    "digester",
    `below ${where}, ${archived.length === 1 ? "1 file" : `${archived.length} files`} that may be of this window can't be read, because archived in the storage class ${classes}: ${keys}. Restore them (aws s3api restore-object), or leave them out with FLOW_LOG_EXCLUDE`,
    { obstacle: "archive" },
  );
}
