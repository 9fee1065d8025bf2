import type { Asking } from "./asking.js";

/** Of what a host asks, and of hosts. */
const MAX_UNANSWERED = 0.25;

/**
 * 1 where the client tried in vain: it was rejected, refused by a RST, or never answered. The last says nothing where
 * many inside hosts seem to talk to themselves, because the logs have one direction of most conversations.
 *
 * @param inside by host
 */
export function inVainOf(asking: Asking, inside: Uint8Array): Uint8Array {
  const { client, accepted, rejected, received, answered } = asking;
  const unanswered = new Uint8Array(answered.length);
  const asked = new Uint32Array(inside.length);
  const askedInVain = new Uint32Array(inside.length);
  for (let row = 0; row < answered.length; row++) {
    if (answered[row] === 0 && rejected[row] === 0 && received[row] === 0) unanswered[row] = 1;
    const host = client[row] ?? 0;
    if (inside[host] === 0 || accepted[row] === 0) continue;
    asked[host] = (asked[host] ?? 0) + 1;
    askedInVain[host] = (askedInVain[host] ?? 0) + (unanswered[row] ?? 0);
  }
  let [clients, oneWay] = [0, 0];
  for (let host = 0; host < inside.length; host++) {
    if (asked[host] === 0) continue;
    clients++;
    if ((askedInVain[host] ?? 0) > MAX_UNANSWERED * (asked[host] ?? 0)) oneWay++;
  }
  const tellsNothing = oneWay > MAX_UNANSWERED * clients;
  const inVain = new Uint8Array(answered.length);
  for (let row = 0; row < inVain.length; row++) {
    if (answered[row] === 0 && !(tellsNothing && unanswered[row] === 1)) inVain[row] = 1;
  }
  return inVain;
}
