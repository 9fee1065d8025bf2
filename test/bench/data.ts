import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { inDuckDB } from "../support/duckdb.js";
import { makeRecords, type Shape } from "./make-records.js";
import { duckDBText } from "./peers.js";

const SMALL_RECORDS = 100;

/** Flow logs in a directory of their own. */
interface Made {
  readonly directory: string;
  /** The first of the files, or the only one. */
  readonly path: string;
}

/** The same records in every form. Only what somebody asks for is made, and that once. */
export class BenchData {
  readonly #made = new Map<string, Promise<Made>>();
  readonly #dir: string;
  readonly records: number;

  constructor(dir: string, records: number) {
    this.#dir = dir;
    this.records = records;
  }

  /** A directory for what else a group needs. */
  async directory(name: string): Promise<string> {
    const path = join(this.#dir, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  text(shape: Shape = "usual"): Promise<Made> {
    return this.#once(`${shape}/text`, "flow.log", (path) => makeRecords(path, this.records, shape));
  }

  gz(shape: Shape = "usual"): Promise<Made> {
    return this.#once(`${shape}/gz`, awsName(0), async (path) => {
      const { path: text } = await this.text(shape);
      await copyFile(text, path.slice(0, -".gz".length));
      await promisify(execFile)("gzip", ["-6", path.slice(0, -".gz".length)]);
    });
  }

  parquet(): Promise<Made> {
    return this.#once("usual/parquet", "flow.log.parquet", async (path) => {
      const { path: text } = await this.text();
      await inDuckDB([
        `copy (select * from ${duckDBText(text)}) to '${path}' (format parquet, codec 'snappy')`,
      ]);
    });
  }

  /** In files of 100 records, named and sorted into folders as AWS does. */
  smallFiles(): Promise<Made> {
    return this.#once("usual/small", awsName(0), async (first, directory) => {
      const { path: text } = await this.text();
      let lines = "";
      let records = 0;
      const write = async () => {
        const n = Math.ceil(records / SMALL_RECORDS) - 1;
        await writeFile(n === 0 ? first : join(directory, awsName(n)), gzipSync(lines));
        lines = "";
      };
      for await (const line of createInterface({ input: createReadStream(text) })) {
        lines += `${line}\n`;
        records += 1;
        if (records % SMALL_RECORDS === 0) await write();
      }
      if (lines !== "") await write();
    });
  }

  #once(
    folder: string,
    name: string,
    make: (path: string, directory: string) => Promise<void>,
  ): Promise<Made> {
    const directory = join(this.#dir, folder);
    const path = join(directory, name);
    const made =
      this.#made.get(folder) ??
      (async () => {
        await mkdir(dirname(path), { recursive: true });
        await make(path, directory);
        return { directory, path };
      })();
    this.#made.set(folder, made);
    return made;
  }
}

/** Of the n-th file of an hour: they come every five minutes. */
function awsName(n: number): string {
  const minute = String(5 * (n % 12)).padStart(2, "0");
  const file = `123456789012_vpcflowlogs_eu-west-1_fl-1_20231114T22${minute}Z_${n}.log.gz`;
  return join("AWSLogs/123456789012/vpcflowlogs/eu-west-1/2023/11/14", file);
}
