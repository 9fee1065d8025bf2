import { findings, type Findings, type FindingsOptions } from "../../src/finding/findings.js";
import type { Finding } from "../../src/finding/finding.js";
import type { Conversations } from "../../src/view/conversations.js";
import { converse } from "../../src/view/converse.js";
import { calm } from "../scene/calm.js";
import { companyOf, type Company } from "../scene/company.js";
import { edgesOfRecords } from "../scene/edges-of-records.js";
import type { Scene } from "../scene/scenes.js";
import type { Traffic } from "../scene/traffic.js";

async function conversationsOf(traffic: Traffic): Promise<Conversations> {
  return converse(edgesOfRecords(traffic.window, traffic.files));
}

export async function findingsOf(
  traffic: Traffic,
  options: Omit<FindingsOptions, "window"> = {},
): Promise<Findings> {
  return findings(await conversationsOf(traffic), { window: traffic.window, ...options });
}

/** A company on a working day, and the two days before to compare with. */
export interface Days {
  readonly company: Company;
  readonly today: () => Traffic;
  readonly before: readonly Conversations[];
}

export async function daysOf(seed: number, hour: number, hours: number): Promise<Days> {
  const company = companyOf(seed);
  const on = (day: number): Traffic =>
    calm(company, 100 * seed + day, `2024-06-0${day}T${String(hour).padStart(2, "0")}:00:00Z`, hours);
  return {
    company,
    today: on(5).forks(),
    before: [await conversationsOf(on(3)), await conversationsOf(on(4))],
  };
}

interface Outcome {
  /** The place in the list of the finding that tells of it, from 1; undefined when none does. */
  readonly place: number | undefined;
  /** Those within the first ten that have nothing to do with it. */
  readonly false: readonly Finding[];
}

/** Plants a scene in a day, and looks for it. */
export async function outcomeOf(scene: Scene, { company, today, before }: Days): Promise<Outcome> {
  const traffic = today();
  const hosts = scene.plant(traffic, company).map(({ address }) => address);
  const list = (await findingsOf(traffic, scene.isNew ? { baseline: before } : {})).findings;
  const tells = ({ rule, also, hosts: named }: Finding) =>
    scene.rules.some((name) => name === rule || also.includes(name)) &&
    hosts.every((host) => named.includes(host));
  const at = list.findIndex(tells);
  return {
    place: at === -1 ? undefined : at + 1,
    false: list.slice(0, 10).filter((finding) => !hosts.some((host) => finding.hosts.includes(host))),
  };
}
