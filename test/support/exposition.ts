/** What a text in Prometheus' format says: https://prometheus.io/docs/instrumenting/exposition_formats/ */

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL}(?:,|(?=\\})))*)\\})? (\\S+)(?: -?\\d+)?$`);
const NUMBER = /^[+-]?(?:inf|nan|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)$/i;
/** What a sample's name may have behind the name of its family. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** @throws what is wrong with a line, or with a family */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line doesn't end");
  const families = new Map<string, Family & { samples: Sample[] }>();
  let help: RegExpExecArray | null = null;
  let family: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const described = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line);
    const typed = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (described !== null) help = described;
    else if (typed !== null) {
      const [, name = "", type = ""] = typed;
      if (help?.[1] !== name || families.has(name))
        throw new Error(`a family without help, or twice: ${line}`);
      family = { name, type, help: help[2] ?? "", samples: [] };
      families.set(name, family);
    } else {
      const [, name = "", labels = ""] = SAMPLE.exec(line) ?? [];
      const value = line.slice(line.lastIndexOf(" ") + 1);
      const suffixes = SUFFIXES[family?.type ?? ""] ?? [];
      if (
        family === undefined ||
        !NUMBER.test(value) ||
        !suffixes.some((end) => name === family?.name + end)
      ) {
        throw new Error(`no sample of its family: ${line}`);
      }
      const pairs = [...labels.matchAll(new RegExp(LABEL, "g"))].map(([, key = "", quoted = ""]) => [
        key,
        quoted,
      ]);
      family.samples.push({ name, labels: Object.fromEntries(pairs), value: numberOf(value) });
    }
  }
  return families;
}

function numberOf(text: string): number {
  const [, sign, infinite] = /^([+-]?)(inf)$/i.exec(text) ?? [];
  return infinite === undefined ? Number(text) : Number(`${sign}Infinity`);
}

/** The sum of the samples that have these labels. Undefined where there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((each) => each.name === name)
    .filter((each) => Object.entries(labels).every(([key, value]) => each.labels[key] === value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
