import { seededRandom } from "../support/random.js";
import type { Host } from "./traffic.js";

/** A company's hosts, and those outside that it has to do with: the same for a seed, whatever the window. */
export interface Company {
  readonly balancers: readonly Host[];
  /** The balancers' other addresses. */
  readonly balancers6: readonly Host[];
  readonly webs: readonly Host[];
  readonly apps: readonly Host[];
  /** Serve the apps on 50051. */
  readonly backends: readonly Host[];
  readonly databases: readonly Host[];
  readonly caches: readonly Host[];
  readonly queues: readonly Host[];
  readonly search: Host;
  readonly warehouse: Host;
  readonly batch: Host;
  readonly backup: Host;
  readonly monitor: Host;
  readonly runners: readonly Host[];
  readonly bastion: Host;
  readonly vpn: Host;
  readonly mail: Host;
  readonly domain: Host;
  readonly desks: readonly Host[];
  readonly admins: readonly Host[];
  readonly resolver: Host;
  readonly outside: Outside;
  /** All that the company runs on servers. */
  readonly servers: readonly Host[];
  /** All that the Internet can knock at. */
  readonly public: readonly Host[];
}

interface Outside {
  readonly customers: readonly Host[];
  readonly customers6: readonly Host[];
  readonly sites: readonly Host[];
  readonly video: readonly Host[];
  readonly storage: readonly Host[];
  readonly git: readonly Host[];
  readonly registry: Host;
  readonly logs: readonly Host[];
  readonly payments: readonly Host[];
  readonly partner: Host;
  readonly drive: Host;
  readonly mailboxes: readonly Host[];
  readonly ntp: readonly Host[];
  readonly resolvers: readonly Host[];
  readonly employees: readonly Host[];
}

export function companyOf(seed: number): Company {
  const random = seededRandom(seed);
  const int = (below: number) => Math.floor(random() * below);
  const used = new Set<string>();
  let enis = 0;
  const inside = (address: string): Host => ({
    address,
    eni: `eni-0${(0xabc000 + enis++).toString(16).padStart(16, "0")}`,
  });
  const insides = (net: string, first: number, count: number) =>
    Array.from({ length: count }, (_, n) => inside(`${net}.${first + n}`));
  const outside = (): Host => {
    const address = publicAddress(int);
    if (used.has(address)) return outside();
    used.add(address);
    return { address };
  };
  const outsides = (count: number) => Array.from({ length: count }, outside);

  const balancers = insides("10.20.0", 10, 3);
  const webs = insides("10.20.10", 11, 6);
  const apps = insides("10.20.20", 21, 5);
  const backends = insides("10.20.21", 11, 4);
  const databases = insides("10.20.30", 31, 3);
  const caches = insides("10.20.30", 41, 2);
  const queues = insides("10.20.30", 51, 3);
  const [search, warehouse, batch] = [inside("10.20.30.61"), inside("10.20.31.5"), inside("10.20.31.9")];
  const [backup, monitor] = [inside("10.20.50.5"), inside("10.20.50.9")];
  const runners = insides("10.20.60", 11, 2);
  const [bastion, vpn, mail, domain] = [
    inside("10.20.0.51"),
    inside("10.20.0.60"),
    inside("10.20.0.70"),
    inside("10.30.1.2"),
  ];
  return {
    balancers,
    balancers6: balancers.map((host, n) => ({ ...host, address: `2600:1f18:20::${n + 10}` })),
    webs,
    apps,
    backends,
    databases,
    caches,
    queues,
    search,
    warehouse,
    batch,
    backup,
    monitor,
    runners,
    bastion,
    vpn,
    mail,
    domain,
    desks: insides("10.30.2", 10, 30),
    admins: Array.from({ length: 4 }, (_, n) => ({ address: `10.99.0.${10 + n}` })),
    resolver: { address: "10.20.0.2" },
    servers: [
      ...balancers,
      ...webs,
      ...apps,
      ...backends,
      ...databases,
      ...caches,
      ...queues,
      search,
      warehouse,
      batch,
      backup,
      ...runners,
      bastion,
      vpn,
      mail,
    ],
    public: [...balancers, bastion, vpn, mail],
    outside: {
      customers: outsides(400),
      customers6: Array.from({ length: 60 }, () => ({
        address: `2a02:810a:${(1 + int(0xffff)).toString(16)}::${(1 + int(0xffff)).toString(16)}`,
      })),
      sites: outsides(500),
      video: outsides(20),
      storage: outsides(4),
      git: outsides(3),
      registry: outside(),
      logs: outsides(2),
      payments: outsides(2),
      partner: outside(),
      drive: outside(),
      mailboxes: outsides(40),
      ntp: outsides(4),
      resolvers: [{ address: "8.8.8.8" }, { address: "1.1.1.1" }],
      employees: outsides(6),
    },
  };
}

/** @param int a random whole number below another */
export function publicAddress(int: (below: number) => number): string {
  const first = 20 + int(200);
  // Private, link-local and multicast blocks are somewhere else.
  if ([100, 127, 169, 172, 192, 198, 203].includes(first)) return publicAddress(int);
  return `${first}.${int(256)}.${int(256)}.${1 + int(254)}`;
}
