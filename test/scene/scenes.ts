import type { Company } from "./company.js";
import { publicAddress } from "./company.js";
import { EMPTY_PACKET, TCP, type Host, type Traffic, UDP } from "./traffic.js";

/** Something that happens in a company's traffic and should be found. */
export interface Scene {
  readonly name: string;
  /** Any of these may say it. */
  readonly rules: readonly string[];
  /** Whether it needs windows before to compare with. */
  readonly isNew?: boolean;
  /** Adds it to a window's traffic. Returns the hosts that a finding of it names. */
  plant(traffic: Traffic, company: Company): Host[];
}

const stranger = (t: Traffic): Host => ({ address: publicAddress((below) => t.int(below)) });

/** Tries of ports, in this many seconds. */
function tryPorts(t: Traffic, client: Host, server: Host, ports: readonly number[], seconds: number): void {
  const begin = t.int(Math.max(1, t.seconds - seconds - 60));
  for (const [n, port] of ports.entries()) {
    const at = begin + (n * seconds) / ports.length;
    t.add({ at, seconds: 2, client, server, port, sent: EMPTY_PACKET, received: 0, refused: true });
  }
}

function portsFrom(t: Traffic, count: number, below = 10_000): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(1 + t.int(below));
  return [...ports];
}

/** Small contacts all over the window. */
function contacts(t: Traffic, client: Host, server: Host, port: number, every: number, jitter: number): void {
  for (const at of t.every(every, jitter))
    t.add({ at, seconds: 2, client, server, port, sent: 400 + t.int(200), received: 600 + t.int(200) });
}

export const SCENES: readonly Scene[] = [
  {
    name: "300 ports of a load balancer, from the Internet",
    rules: ["port-scan"],
    plant(t, { balancers }) {
      const [client, server] = [stranger(t), t.pick(balancers)];
      tryPorts(t, client, server, portsFrom(t, 300), 1200);
      return [client];
    },
  },
  {
    name: "a workstation tries 40 ports of a database, which refuses by RST",
    rules: ["port-scan"],
    plant(t, { desks, databases }) {
      const [client, server] = [t.pick(desks), t.pick(databases)];
      for (const port of portsFrom(t, 40))
        t.add({
          at: t.int(t.seconds - 60),
          seconds: 2,
          client,
          server,
          port,
          sent: EMPTY_PACKET,
          received: EMPTY_PACKET,
        });
      return [client];
    },
  },
  {
    name: "a web server tries SMB of 60 hosts",
    rules: ["host-sweep"],
    plant(t, { webs, desks, servers }) {
      const client = t.pick(webs);
      const others = [...desks, ...servers].filter((host) => host !== client);
      for (const server of others)
        t.add({
          at: 900 + t.int(600),
          seconds: 2,
          client,
          server,
          port: 445,
          sent: 3 * EMPTY_PACKET,
          received: 0,
        });
      return [client];
    },
  },
  {
    name: "a workstation tries SSH of 15 servers, two of which answer",
    rules: ["host-sweep"],
    plant(t, { desks, webs, apps, backends }) {
      const client = t.pick(desks);
      for (const [n, server] of [...webs, ...apps, ...backends].entries()) {
        const received = n < 2 ? 2500 : 0;
        t.add({
          at: t.int(t.seconds - 60),
          seconds: 2,
          client,
          server,
          port: 22,
          sent: EMPTY_PACKET,
          received,
          refused: received === 0,
        });
      }
      return [client];
    },
  },
  {
    name: "a scanner gets into the bastion by SSH",
    rules: ["let-in"],
    plant(t, { bastion }) {
      const client = stranger(t);
      tryPorts(t, client, bastion, portsFrom(t, 25, 9000), 600);
      t.add({
        at: t.seconds / 2,
        seconds: 900,
        client,
        server: bastion,
        port: 22,
        sent: 90_000,
        received: 400_000,
      });
      return [client, bastion];
    },
  },
  {
    name: "a source that was rejected eight times gets into a database",
    rules: ["let-in", "exposed-service"],
    plant(t, { databases }) {
      const [client, server] = [stranger(t), t.pick(databases)];
      tryPorts(t, client, server, [22, 23, 80, 443, 1433, 3306, 3389, 8080], 900);
      t.add({ at: t.seconds / 2, seconds: 60, client, server, port: 5432, sent: 9000, received: 60_000 });
      return [client, server];
    },
  },
  {
    name: "from the bastion, into which somebody got, to a database and an app",
    rules: ["reached-from"],
    plant(t, { bastion, warehouse, batch }) {
      const client = stranger(t);
      tryPorts(t, client, bastion, portsFrom(t, 25, 9000), 300);
      const at = t.seconds / 2;
      t.add({ at, seconds: 900, client, server: bastion, port: 22, sent: 90_000, received: 400_000 });
      t.add({
        at: at + 200,
        seconds: 300,
        client: bastion,
        server: warehouse,
        port: 5439,
        sent: 20_000,
        received: 900_000,
      });
      t.add({
        at: at + 300,
        seconds: 60,
        client: bastion,
        server: batch,
        port: 22,
        sent: 20_000,
        received: 60_000,
      });
      return [bastion, warehouse];
    },
  },
  {
    name: "a Redis that the Internet reaches",
    rules: ["exposed-service"],
    plant(t, { caches }) {
      const server = t.pick(caches);
      for (let n = 0; n < 4; n++)
        t.add({
          at: t.int(t.seconds - 60),
          client: stranger(t),
          server,
          port: 6379,
          sent: 300,
          received: 900,
        });
      return [server];
    },
  },
  {
    name: "SSH of a runner, answered once to the Internet",
    rules: ["exposed-service"],
    plant(t, { runners }) {
      const server = t.pick(runners);
      t.add({ at: t.int(t.seconds - 60), client: stranger(t), server, port: 22, sent: 1200, received: 2400 });
      return [server];
    },
  },
  {
    name: "an app talks to port 4444 outside",
    rules: ["odd-port", "exfiltration"],
    plant(t, { apps }) {
      const [client, server] = [t.pick(apps), stranger(t)];
      t.add({ at: 600, seconds: 1800, client, server, port: 4444, sent: 20_000_000, received: 12_000_000 });
      return [client, server];
    },
  },
  {
    name: "half a megabyte over port 31337 into a web server",
    rules: ["odd-port"],
    plant(t, { webs }) {
      const [client, server] = [stranger(t), t.pick(webs)];
      t.add({ at: 900, seconds: 600, client, server, port: 31_337, sent: 90_000, received: 400_000 });
      return [server, client];
    },
  },
  {
    name: "4 GB leave a database for an unknown host by HTTPS",
    rules: ["exfiltration"],
    plant(t, { databases }) {
      const [client, server] = [t.pick(databases), stranger(t)];
      t.add({ at: 300, seconds: 2400, client, server, port: 443, sent: 4e9, received: 4e7 });
      return [client, server];
    },
  },
  {
    name: "150 MB leave a workstation by SSH",
    rules: ["exfiltration"],
    plant(t, { desks }) {
      const [client, server] = [t.pick(desks), stranger(t)];
      t.add({ at: 300, seconds: 900, client, server, port: 22, sent: 150_000_000, received: 1_500_000 });
      return [client, server];
    },
  },
  {
    name: "every two minutes a few bytes to an unknown host",
    rules: ["beacon"],
    plant(t, { apps }) {
      const [client, server] = [t.pick(apps), stranger(t)];
      contacts(t, client, server, 443, 120, 0.05);
      return [client, server];
    },
  },
  {
    name: "about every six minutes, give or take a fifth, a few bytes to an unknown host",
    rules: ["beacon"],
    plant(t, { desks }) {
      const [client, server] = [t.pick(desks), stranger(t)];
      contacts(t, client, server, 8443, 360, 0.2);
      return [client, server];
    },
  },
  {
    name: "a workstation asks a DNS server of its own",
    rules: ["dns-elsewhere"],
    plant(t, { desks }) {
      const [client, server] = [t.pick(desks), stranger(t)];
      for (const at of t.every(240))
        t.add({ at, seconds: 2, client, server, port: 53, protocol: UDP, sent: 120, received: 300 });
      return [client, server];
    },
  },
  {
    name: "an app sends 30 MB of DNS to the resolver",
    rules: ["dns-volume"],
    plant(t, { apps, resolver }) {
      const client = t.pick(apps);
      t.add({
        at: 300,
        seconds: 1800,
        client,
        server: resolver,
        port: 53,
        protocol: UDP,
        sent: 30_000_000,
        received: 20_000_000,
      });
      return [client];
    },
  },
  {
    name: "telnet to a host outside",
    rules: ["cleartext"],
    plant(t, { apps }) {
      const [client, server] = [t.pick(apps), stranger(t)];
      t.add({ at: 300, seconds: 300, client, server, port: 23, sent: 4000, received: 30_000 });
      return [client];
    },
  },
  {
    name: "files by FTP to a host outside",
    rules: ["cleartext"],
    plant(t, { batch }) {
      const server = stranger(t);
      t.add({ at: 300, seconds: 300, client: batch, server, port: 21, sent: 400_000, received: 30_000 });
      return [batch];
    },
  },
  {
    name: "a runner talks to a mining pool",
    rules: ["mining"],
    plant(t, { runners }) {
      const [client, server] = [t.pick(runners), stranger(t)];
      t.add({
        at: 60,
        seconds: t.seconds - 120,
        client,
        server,
        port: 3333,
        protocol: TCP,
        sent: 300_000,
        received: 200_000,
      });
      return [client];
    },
  },
  {
    name: "a workstation talks to two Tor relays",
    rules: ["tor"],
    plant(t, { desks }) {
      const client = t.pick(desks);
      for (let n = 0; n < 2; n++)
        t.add({
          at: 60,
          seconds: 1200,
          client,
          server: stranger(t),
          port: 9001,
          sent: 900_000,
          received: 4_000_000,
        });
      return [client];
    },
  },
  {
    name: "a backend is rejected by 25 hosts on many ports",
    rules: ["blocked-inside", "host-sweep", "port-scan"],
    plant(t, { backends, servers }) {
      const client = t.pick(backends);
      for (let n = 0; n < 250; n++) {
        const server = t.pick(servers.filter((host) => host !== client));
        const port = t.pick([22, 80, 443, 3306, 3389, 8080]);
        t.add({
          at: t.int(t.seconds - 60),
          seconds: 2,
          client,
          server,
          port,
          sent: 2 * EMPTY_PACKET,
          received: 0,
          refused: true,
        });
      }
      return [client];
    },
  },
  {
    name: "a database talks to the Internet, which it never did",
    rules: ["new-peer", "exfiltration"],
    isNew: true,
    plant(t, { databases }) {
      const [client, server] = [t.pick(databases), stranger(t)];
      t.add({ at: 600, seconds: 60, client, server, port: 443, sent: 90_000, received: 2_000_000 });
      return [client, server];
    },
  },
  {
    name: "a web server begins to serve a port",
    rules: ["new-service"],
    isNew: true,
    plant(t, { webs, apps }) {
      const server = t.pick(webs);
      for (const client of apps)
        t.add({ at: t.int(t.seconds - 60), client, server, port: 8888, sent: 3000, received: 90_000 });
      return [server];
    },
  },
  {
    name: "a web server asks a database itself",
    rules: ["new-path"],
    isNew: true,
    plant(t, { webs, databases }) {
      const [client, server] = [t.pick(webs), t.pick(databases)];
      t.add({ at: 900, seconds: 60, client, server, port: 5432, sent: 20_000, received: 3_000_000 });
      return [client, server];
    },
  },
];
