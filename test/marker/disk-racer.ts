import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { DiskMarker } from "../../src/marker/disk.js";
import type { Claim } from "../../src/marker/marker.js";
import { graphId } from "../support/graph-id.js";

/**
 * Takes, renews and releases one claim as often as told, against others that do the same. While it holds the claim it
 * holds a directory too, whose making fails when two hold the claim at once. Says how often it won.
 */
const [dir = "", name = "", turns = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const marker = new DiskMarker({ dir, staleMs: 60_000 });
const claim: Claim = { token: name, start: "", stop: "", refresh: false, state: "queued" };
const critical = join(dir, "held");

process.on("disconnect", () => process.exit());
process.once("message", () => void run());
await marker.start();
process.send?.("ready");

async function run(): Promise<void> {
  let wins = 0;
  for (let turn = 0; turn < Number(turns); turn += 1) {
    // A record that nobody removes, a killed process's, is taken over as a stale one is: by its version.
    const version = (await marker.create(graphId(1), claim, signal)) ?? (await takeOver());
    if (version === undefined) continue;
    await mkdir(critical);
    wins += 1;
    const renewed = await marker.replace(graphId(1), version, claim, signal);
    const seen = await marker.read(graphId(1), signal);
    if (renewed === undefined || seen?.version !== renewed || seen.claim?.token !== name) {
      throw new Error(`${name} holds the claim, but found ${JSON.stringify(seen)}`);
    }
    await rmdir(critical);
    // Handed on in one of two ways, so that creating and taking over are both raced for.
    const handedOn =
      turn % 2 === 0
        ? await marker.remove(graphId(1), renewed, signal)
        : (await marker.replace(graphId(1), renewed, { ...claim, state: "free" }, signal)) !== undefined;
    if (!handedOn) throw new Error(`${name} held the claim, but couldn't hand it on`);
  }
  await marker.stop();
  process.send?.({ wins });
  process.disconnect();
}

async function takeOver(): Promise<string | undefined> {
  const record = await marker.read(graphId(1), signal);
  if (record?.claim?.state !== "free") return undefined;
  return marker.replace(graphId(1), record.version, claim, signal);
}
