import { type LookupOneOptions, type LookupOptions, lookup as systemLookup } from "node:dns";

type Callback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;
type Lookup = (host: string, options: LookupOneOptions, callback: Callback) => void;

const TTL_MS = 60_000;
/** Packets that wait for an address; more are dropped, as UDP drops what it can't deliver. */
const MAX_WAITING = 64;

/**
 * A look-up of a host name for a UDP socket: one at a time, its answer kept for a minute, a failure too. Each look-up
 * holds one of the few threads that files and compression need as well, for as long as the name server takes.
 */
export function cachedLookup(lookup: Lookup = systemLookup) {
  let answer: Parameters<Callback> | undefined;
  let answeredAt = 0;
  let waiting: Callback[] | undefined;
  return (host: string, options: LookupOptions, callback: Callback): void => {
    if (answer !== undefined && Date.now() - answeredAt < TTL_MS) callback(...answer);
    else if (waiting === undefined) {
      waiting = [callback];
      lookup(host, { ...options, all: false }, (error, address, family) => {
        answer = [error, address, family];
        answeredAt = Date.now();
        const served = waiting ?? [];
        waiting = undefined;
        for (const each of served) each(...answer);
      });
    } else if (waiting.length < MAX_WAITING) waiting.push(callback);
    else callback(new Error(`too many packets wait for the address of ${host}`), "", 0);
  };
}
