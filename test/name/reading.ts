import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LoadedNames, Names } from "../../src/name/names.js";
import { readNames } from "../../src/name/read-names.js";
import { temporaryDir } from "../support/temporary-dir.js";

/** Reads files of such contents, in this order. Paths in faults are without their directory. */
export async function namesOf(files: Readonly<Record<string, string | Buffer>>): Promise<Names> {
  const dir = await temporaryDir();
  try {
    const loaded: LoadedNames[] = [];
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(dir.path, file), content);
      const read = await readNames(join(dir.path, file), new AbortController().signal);
      if (read !== undefined) loaded.push(read);
    }
    // As a thread gets it.
    return new Names(structuredClone(loaded));
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${dir.path}/`, "");
    throw error;
  } finally {
    await dir.remove();
  }
}

/** AWS's file with so many networks, made up. */
export function ipRangesOf(
  prefixes: readonly (readonly [cidr: string, service: string, region: string])[],
): string {
  const of = (isIPv6: boolean, key: string) =>
    prefixes
      .filter(([cidr]) => cidr.includes(":") === isIPv6)
      .map(([cidr, service, region]) => ({ [key]: cidr, region, service, network_border_group: region }));
  return JSON.stringify(
    {
      syncToken: "1717200000",
      createDate: "2024-06-01-00-00-00",
      prefixes: of(false, "ip_prefix"),
      ipv6_prefixes: of(true, "ipv6_prefix"),
    },
    undefined,
    2,
  );
}
