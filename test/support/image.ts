import { execFile, spawn, type ChildProcessByStdio } from "node:child_process";
import { chown, cp, lchown, mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { bound } from "./child.js";
import { parseDockerfile, parseDockerignore, type Instruction } from "./dockerfile.js";

const run = promisify(execFile);
const IS_ROOT = process.getuid?.() === 0;
/** What `npm ci` installs is settled by the lock file's hashes: nothing new has to be asked for, nor audited. */
const INSTALL_FAST = {
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
};

/** Has been done where tests run: npm only says that it could be done here, and the same files serve, which takes 15 s of CPU less. */
const INSTALL_ALL = "npm ci --ignore-scripts";

/** What would be in Docker's image, as a directory tree and what is to be known about it. */
export interface Image {
  readonly base: string;
  /** The directory that stands for `/`. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly cmd: Instruction | undefined;
  readonly healthcheck: Instruction | undefined;
}

/**
 * Does what a Dockerfile says, step by step, in directories below `dir` instead of containers. RUN commands are run by
 * this machine, so they must name files relative to WORKDIR.
 */
export async function buildImage(context: string, dir: string): Promise<Image> {
  const ignored = parseDockerignore(await readFile(join(context, ".dockerignore"), "utf8"));
  const stages = parseDockerfile(await readFile(join(context, "Dockerfile"), "utf8"));
  const rootOf = (stage: string | undefined) =>
    join(dir, stage === undefined || stage === "" ? "final" : stage);
  let image: Image | undefined;
  for (const { base, name, instructions } of stages) {
    const root = rootOf(name);
    await mkdir(root, { recursive: true });
    // Of anything that can be said more than once the last word counts, but for lists.
    const words = (instruction: string) => instructions.filter(({ name }) => name === instruction);
    const env: Record<string, string> = {};
    let workdir = "/";
    for (const step of instructions) {
      switch (step.name) {
        case "WORKDIR":
          workdir = resolve(workdir, step.text);
          await mkdir(join(root, workdir), { recursive: true });
          break;
        case "ENV":
          for (const [, key = "", value = ""] of step.text.matchAll(/(\w+)=(\S+)/g)) env[key] = value;
          break;
        case "COPY": {
          const from = step.flags.get("from");
          const source = from === undefined ? context : rootOf(from);
          const keep = from === undefined ? (path: string) => !ignored(relative(context, path)) : undefined;
          await copy(step, source, join(root, resolve(workdir, step.args.at(-1) ?? "")), keep);
          break;
        }
        case "RUN": {
          const options = {
            cwd: join(root, workdir),
            env: { ...cleanEnvironment(), ...INSTALL_FAST, ...env },
          };
          if (step.text === INSTALL_ALL) {
            await run("sh", ["-c", `${step.text} --dry-run`], options);
            await symlink(join(context, "node_modules"), join(root, workdir, "node_modules"));
          } else await run("sh", ["-c", step.text], options);
          break;
        }
        case "CMD":
        case "EXPOSE":
        case "HEALTHCHECK":
        case "USER":
        case "VOLUME":
          break;
        default:
          throw new Error(`no such step is known here: ${step.name}`);
      }
    }
    image = {
      base,
      root,
      workdir,
      env,
      user: words("USER").at(-1)?.text ?? "root",
      volumes: words("VOLUME").flatMap(({ args }) => args),
      ports: words("EXPOSE").flatMap(({ args }) => args),
      cmd: words("CMD").at(-1),
      healthcheck: words("HEALTHCHECK").at(-1),
    };
  }
  if (image === undefined) throw new Error("expected a Dockerfile with a stage");
  return image;
}

async function copy(
  { args, flags }: Instruction,
  from: string,
  to: string,
  filter: ((path: string) => boolean) | undefined,
): Promise<void> {
  const sources = args.slice(0, -1);
  const intoDirectory = sources.length > 1 || /(?:^\.|\/)$/.test(args.at(-1) ?? "");
  for (const name of sources) {
    const source = join(from, name);
    if (filter?.(source) === false) throw new Error(`COPY ${name}: .dockerignore keeps it out`);
    const isDirectory = (await stat(source)).isDirectory();
    const target = intoDirectory && !isDirectory ? join(to, basename(name)) : to;
    if (filter === undefined && isDirectory) {
      // All of it, thousands of files: many times faster than Node's.
      await mkdir(target, { recursive: true });
      await run("cp", ["-RP", `${source}/.`, target]);
    } else {
      await cp(source, target, { recursive: true, verbatimSymlinks: true, ...(filter && { filter }) });
    }
  }
  const owner = /^(\d+):(\d+)$/.exec(flags.get("chown") ?? "");
  if (owner === null || !IS_ROOT) return;
  await chown(to, Number(owner[1]), Number(owner[2]));
  for (const path of await readdir(to, { recursive: true })) {
    await lchown(join(to, path), Number(owner[1]), Number(owner[2]));
  }
}

/** Without what the test runner and npm tell their children about this project. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:NODE_ENV|VITEST.*|npm_(?!config_)\w*|npm_config_local_prefix)$/.test(name),
    ),
  );
}

/** Makes the tree read-only, also to its owner, or writable again. What is in volumes stays as it is. */
export async function setReadOnly({ root, volumes }: Image, readOnly: boolean): Promise<void> {
  const kept = volumes.flatMap((volume) => ["-path", join(root, volume), "-prune", "-o"]);
  await run("find", [
    root,
    ...kept,
    "!",
    "-type",
    "l",
    "-exec",
    "chmod",
    readOnly ? "a-w" : "u+w",
    "{}",
    "+",
  ]);
}

/** Starts a command of the image as its user would, with the image's environment and `env`, and nothing else. */
export function spawnIn(
  { root, workdir, env: own, user }: Image,
  command: Instruction | undefined,
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> {
  if (command?.exec !== true)
    throw new Error("expected a command without a shell, which would keep signals to itself");
  const [program = "", ...args] = command.args;
  if (program !== "node") throw new Error(`expected node, got ${program}`);
  const [uid, gid] = user.split(":").map(Number);
  // Absolute paths in the image are below its root.
  const inside = Object.entries(own).map(([name, value]) => [
    name,
    value.replace(/^(file:)?\//, `$1${root}/`),
  ]);
  return bound(
    spawn(process.execPath, args, {
      cwd: join(root, workdir),
      env: { ...Object.fromEntries(inside), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(IS_ROOT && uid !== undefined && gid !== undefined && { uid, gid }),
    }),
  );
}
