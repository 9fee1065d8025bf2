import type { PlainWindow } from "../../window.js";
import { type Globs, parseGlobs } from "./globs.js";
import { parsePlace, type Place } from "./aws-folders.js";
import { isAttributesName, isChecksumName, isOtherServicesName, parseAwsName } from "./aws-name.js";

/** What of the flow logs is wanted. What is undefined narrows nothing. */
export interface Selection {
  readonly window: PlainWindow;
  readonly accounts?: ReadonlySet<string> | undefined;
  readonly regions?: ReadonlySet<string> | undefined;
  /** Ids of VPCs: only records tell theirs, and only of some flow logs. */
  readonly vpcs?: ReadonlySet<string> | undefined;
  /** Ids of flow logs: only files that AWS named tell theirs. */
  readonly flowLogs?: ReadonlySet<string> | undefined;
  /** Patterns over keys, as in `globs.ts`. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** What a file is to a selection: one to look at, or why it isn't one. */
export type FileChoice = "candidate" | "foreign" | "notSelected" | "outsideWindow";
/** What a folder is: one to look into, one that holds a day of the window, or why there is nothing in it. */
export type FolderChoice = "look" | "day" | "foreign" | "notSelected" | "outsideWindow";

const DAY_MS = 24 * 3_600_000;
/** How far outside the window the folders of days are looked into. */
const SLACK_MS = 3_600_000;
/** How far the ends of a file's records are from the time in its name: which end of its five minutes that is has changed. */
const NAME_SLACK_MS = 5 * 60_000;

/** Decides by names alone: every file may be a flow log of the selection whose name and folders don't say otherwise. */
export class Selector {
  /** The days, as 2024-06-01 in UTC, under which files with records of the window can lie. */
  readonly days: readonly string[];
  readonly #selection: Selection;
  readonly #include: Globs | undefined;
  readonly #exclude: Globs | undefined;
  /** The last one asked for: keys come folder by folder. */
  #last: { readonly folder: string; readonly place: Place } = { folder: "", place: {} };

  constructor(selection: Selection) {
    this.#selection = selection;
    this.#include = selection.include && parseGlobs(selection.include);
    this.#exclude = selection.exclude && parseGlobs(selection.exclude);
    this.days = daysOf(selection.window);
  }

  file(key: string): FileChoice {
    const { window, accounts, regions, flowLogs } = this.#selection;
    if (this.#exclude?.matches(key) === true || this.#include?.matches(key) === false) return "notSelected";
    const name = parseAwsName(key);
    const place = this.#place(key);
    if (isAttributesName(key) || isChecksumName(key) || place.otherService === true) return "foreign";
    if (name === undefined && isOtherServicesName(key)) return "foreign";
    const account = name?.account ?? place.account;
    const region = name?.region ?? place.region;
    // Where nothing tells the account, the records do. Not so the region: most have no such field.
    if (account !== undefined && accounts?.has(account) === false) return "notSelected";
    if (regions !== undefined && (region === undefined || !regions.has(region))) return "notSelected";
    if (flowLogs !== undefined && (name === undefined || !flowLogs.has(name.flowLog))) return "notSelected";
    if (name === undefined) return "candidate";
    const begins = name.time - NAME_SLACK_MS;
    const ends = name.time + NAME_SLACK_MS;
    const inside = begins < window.stopDate.getTime() && ends > window.startDate.getTime();
    return inside ? "candidate" : "outsideWindow";
  }

  #place(key: string): Place {
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    if (this.#last.folder !== folder) this.#last = { folder, place: parsePlace(folder) };
    return this.#last.place;
  }

  /** @param folder ends with a slash */
  folder(folder: string): FolderChoice {
    const { accounts, regions } = this.#selection;
    if (this.#exclude?.coversFolder(folder) === true || this.#include?.mayMatchBelow(folder) === false) {
      return "notSelected";
    }
    const { account, otherService, region, date } = parsePlace(folder);
    if (otherService === true) return "foreign";
    if (account !== undefined && accounts?.has(account) === false) return "notSelected";
    if (region !== undefined && regions?.has(region) === false) return "notSelected";
    if (date === undefined) return "look";
    if (this.days.includes(date)) return "day";
    return this.days.some((day) => day.startsWith(`${date}-`)) ? "look" : "outsideWindow";
  }
}

/** The days, as 2024-06-01 in UTC, under which files with records of the window can lie. */
function daysOf(window: PlainWindow): string[] {
  const days: string[] = [];
  const first = new Date(window.startDate.getTime() - SLACK_MS).setUTCHours(0, 0, 0, 0);
  for (let day = first; day <= window.stopDate.getTime() + SLACK_MS; day += DAY_MS) {
    days.push(new Date(day).toISOString().slice(0, 10));
  }
  return days;
}
