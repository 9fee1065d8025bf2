import { DependencyError } from "../../errors.js";
import type { Bucket } from "../../s3/bucket.js";
import { inParallel } from "./in-parallel.js";
import { choose, flowLogsPart, mayLieBelow, RECOGNISED, regionFolderOf, type Selection } from "./layout.js";
import { list } from "./listing.js";

/** Where below a prefix there are flow logs. */
export interface Places {
  /** Folders of regions in one of AWS's layouts. */
  readonly regions: readonly string[];
  /** Folders in any other layout that have files in them which may be flow logs. */
  readonly others: readonly string[];
  /** Folders of accounts and regions that weren't asked for. */
  readonly notSelected: number;
}

/** Calls at once. */
export const LISTS_AT_ONCE = 8;
/** Beyond so many, the prefix is taken for a mistake: AWS's layouts have three or four for each account. */
const MAX_FOLDERS = 20_000;
/** How many names of each kind a message shows. */
const SHOWN = 5;

interface Folder {
  readonly name: string;
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly hasLogs: boolean;
}

/**
 * Looks for flow logs level by level, from the prefix down to the folders of regions; into other folders all the way.
 *
 * @throws DependencyError when there are none, with what was found instead
 */
export async function findPlaces(
  bucket: Bucket,
  root: string,
  selection: Selection,
  signal: AbortSignal,
): Promise<Places> {
  const regions: string[] = [];
  const others: string[] = [];
  let notSelected = 0;
  let listed = 0;
  const seen: string[] = [];
  for (let level = [root]; level.length > 0;) {
    listed += level.length;
    if (listed > MAX_FOLDERS) throw tooMany(bucket, root);
    const found = await inParallel(level, LISTS_AT_ONCE, signal, (name, signal) =>
      look(bucket, name, selection, signal),
    );
    level = [];
    for (const { name, folders, files, hasLogs } of found) {
      seen.push(...[...folders, ...files].slice(0, SHOWN));
      const around = regionFolderOf(name);
      // Only the root can be a region's folder here, or lie in one.
      if (around !== undefined && folders.length + files.length > 0) regions.push(around);
      if (around !== undefined) continue;
      if (hasLogs) others.push(name);
      for (const folder of folders) {
        const part = flowLogsPart(folder);
        if (!mayLieBelow(part.slice(0, -1), selection)) notSelected++;
        else if (regionFolderOf(part) === undefined) level.push(part);
        else regions.push(part);
      }
    }
  }
  if (regions.length + others.length + notSelected === 0) throw nothing(bucket, root, seen);
  return { regions, others, notSelected };
}

async function look(
  bucket: Bucket,
  root: string,
  selection: Selection,
  signal: AbortSignal,
): Promise<Folder> {
  const name = flowLogsPart(root);
  const folders: string[] = [];
  const files: string[] = [];
  let hasLogs = false;
  for await (const page of list(bucket, name, "/", signal)) {
    folders.push(...page.folders);
    hasLogs ||= page.objects.some(({ key }) => choose(key, selection) !== "foreign");
    files.push(...page.objects.slice(0, SHOWN).map(({ key }) => key));
  }
  return { name, folders, files, hasLogs };
}

function nothing({ name }: Bucket, root: string, seen: readonly string[]): DependencyError {
  const shown = seen.slice(0, SHOWN).join(", ");
  const found = seen.length === 0 ? "nothing" : seen.length > SHOWN ? `${shown} and more` : shown;
  return new DependencyError(
    "digester",
    `looked for ${RECOGNISED}, below s3://${name}/${root}, and found ${found}`,
    {
      transient: false,
    },
  );
}

function tooMany({ name }: Bucket, root: string): DependencyError {
  return new DependencyError(
    "digester",
    `below s3://${name}/${root} there are more than ${MAX_FOLDERS} folders without flow logs in AWS's layouts: expected a prefix nearer to them`,
    { transient: false },
  );
}
