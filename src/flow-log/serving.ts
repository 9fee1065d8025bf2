import type { Endpoints } from "./endpoints.js";
import { KNOWN_PORTS } from "./services.js";
import { destinationPortOf, DESTINATION, PORTS, SOURCE, sourcePortOf, TRAITS } from "./sum-row.js";
import { FLAGS, KNOWN, LOWER, NO_RULE, PEERS, withRule } from "./traits.js";

/** An endpoint with so many times the counterparts of the other is the service's. */
const PEERS_FACTOR = 2;

/*
 * Which end of a record serves is told by the first rule that tells its two endpoints (address and port) apart, over all
 * records of the window:
 *
 * 1. flags: an endpoint serves that sent SYN with ACK, or was sent SYN without ACK;
 * 2. known: its port is below 1024 or in the table of known services;
 * 3. peers: it has at least twice as many counterparts as the other, among the records that the first look leaves open;
 * 4. lower: it has the lower port; at a tie it is the destination.
 *
 * The first look, at the row of a record, is that of `assembly/sums.ts`: it sets the port that doesn't serve to 0 when the
 * record alone tells, and its flags don't say otherwise. Else all of the window has to be read first.
 *
 * The port of the other end becomes 0, so that the connections of its clients become one row. A port that is 0 already
 * was found not to serve by whoever wrote it, such as a digest.
 */

/** The last look, at a row that the first one left open, when all of the window has been read. */
export function settle(words: Uint32Array, at: number, endpoints: Endpoints): void {
  const source = words[at + SOURCE] ?? 0;
  const destination = words[at + DESTINATION] ?? 0;
  const sourcePort = sourcePortOf(words, at);
  const destinationPort = destinationPortOf(words, at);
  const sourceServes = endpoints.serves(source, sourcePort);
  if (sourceServes !== endpoints.serves(destination, destinationPort)) {
    settleEnd(words, at, sourceServes, FLAGS);
    return;
  }
  const sourceKnown = KNOWN_PORTS[sourcePort & 0xffff] ?? 0;
  if (sourceKnown !== KNOWN_PORTS[destinationPort & 0xffff]) {
    settleEnd(words, at, sourceKnown === 1, KNOWN);
    return;
  }
  const sourcePeers = endpoints.peers(source, sourcePort);
  const destinationPeers = endpoints.peers(destination, destinationPort);
  if (sourcePeers >= PEERS_FACTOR * destinationPeers) settleEnd(words, at, true, PEERS);
  else if (destinationPeers >= PEERS_FACTOR * sourcePeers) settleEnd(words, at, false, PEERS);
  else settleEnd(words, at, sourcePort < destinationPort, LOWER);
}

function settleEnd(words: Uint32Array, at: number, source: boolean, rule: number): void {
  const ports = words[at + PORTS] ?? 0;
  words[at + PORTS] = source ? ports & 0xffff0000 : ports & 0xffff;
  words[at + TRAITS] = withRule(words[at + TRAITS] ?? NO_RULE, rule);
}
