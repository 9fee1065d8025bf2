import type { Rule } from "./finding.js";
import { beacon } from "./rules/beacon.js";
import { blockedInside } from "./rules/blocked-inside.js";
import { cleartext } from "./rules/cleartext.js";
import { dnsElsewhere } from "./rules/dns-elsewhere.js";
import { dnsVolume } from "./rules/dns-volume.js";
import { exfiltration } from "./rules/exfiltration.js";
import { exposedService } from "./rules/exposed-service.js";
import { hostSweep } from "./rules/host-sweep.js";
import { letIn } from "./rules/let-in.js";
import { mining } from "./rules/mining.js";
import { newPath } from "./rules/new-path.js";
import { newPeer } from "./rules/new-peer.js";
import { newService } from "./rules/new-service.js";
import { oddPort } from "./rules/odd-port.js";
import { portScan } from "./rules/port-scan.js";
import { reachedFrom } from "./rules/reached-from.js";
import { tor } from "./rules/tor.js";

/** In the order in which they are asked: some build on what others before them found. */
export const RULES: readonly Rule[] = [
  portScan,
  hostSweep,
  letIn,
  mining,
  tor,
  beacon,
  reachedFrom,
  exfiltration,
  oddPort,
  dnsVolume,
  dnsElsewhere,
  exposedService,
  cleartext,
  blockedInside,
  newPath,
  newService,
  newPeer,
];

export const RULE_NAMES: readonly string[] = RULES.map(({ name }) => name);
