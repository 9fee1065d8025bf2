/** One instruction of a Dockerfile. */
export interface Instruction {
  /** Upper case. */
  readonly name: string;
  /** `--from=build` is `["from", "build"]`. */
  readonly flags: ReadonlyMap<string, string>;
  /** The words after the flags, or the elements of a JSON array. */
  readonly args: readonly string[];
  /** Everything after the flags, as it is written. */
  readonly text: string;
  /** True: the arguments were a JSON array, so no shell is meant. */
  readonly exec: boolean;
}

export interface Stage {
  readonly base: string;
  /** What other stages call it; the last one needs no name. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

const INSTRUCTION = /^([A-Za-z]+)\s+((?:--[\w-]+=\S+\s+)*)(.*)$/;

function parseInstruction(line: string): Instruction {
  const [, name, flags, text] = INSTRUCTION.exec(line) ?? [];
  if (name === undefined || flags === undefined || text === undefined) {
    throw new Error(`expected an instruction of a Dockerfile, got ${JSON.stringify(line)}`);
  }
  const json = /^(?:CMD )?(\[.*\])$/.exec(text)?.[1];
  const args: unknown = json === undefined ? text.split(/\s+/) : JSON.parse(json);
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === "string")) {
    throw new Error(`expected an array of strings, got ${text}`);
  }
  const pairs = [...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(
    ([, flag = "", value = ""]) => [flag, value] as const,
  );
  return { name: name.toUpperCase(), flags: new Map(pairs), args, text, exec: json !== undefined };
}

/** As much of the format as ours uses. A HEALTHCHECK's arguments are those of the command after `CMD`. */
export function parseDockerfile(source: string): Stage[] {
  const lines = source
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines.filter((text) => text.trim() !== "")) {
    const instruction = parseInstruction(line.trim());
    if (instruction.name === "FROM") {
      const [base = "", , name = ""] = instruction.args;
      stages.push({ base, name, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`expected FROM before ${line}`);
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

/** Tells of a path of the build context whether .dockerignore keeps it out. The last pattern that matches decides. */
export function parseDockerignore(source: string): (path: string) => boolean {
  const patterns = source
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({
      keeps: line.startsWith("!"),
      pattern: new RegExp(
        `^${line
          .replace(/^!/, "")
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replaceAll("*", "[^/]*")}(?:/|$)`,
      ),
    }));
  return (path) => patterns.findLast(({ pattern }) => pattern.test(path))?.keeps === false;
}
