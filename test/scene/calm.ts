import { publicAddress, type Company } from "./company.js";
import { EMPTY_PACKET, ICMP, Traffic, UDP, type Host } from "./traffic.js";

/** What scanners of the Internet look for, the favourites first. */
const KNOCKED = [
  22, 23, 443, 80, 3389, 445, 8080, 5900, 6379, 8443, 3306, 5432, 1433, 2375, 9200, 27017, 8888, 21, 25, 5060,
];

/**
 * The traffic of a company in a window in which nothing happens that anybody need look at. It has what looks odd and isn't:
 * backups at night, uploads of build results, runners that poll, logs that only leave, scanners that find the doors meant
 * for everybody, packets refused because their connection is closed, a monitor that some hosts refuse.
 *
 * @param start of the window; between 1:00 and 5:00 backups are made
 */
export function calm(company: Company, seed: number, start: string, hours: number): Traffic {
  const traffic = Traffic.of(seed, start, hours);
  shop(company, traffic);
  services(company, traffic);
  watching(company, traffic);
  builds(company, traffic);
  office(company, traffic);
  remote(company, traffic);
  backups(company, traffic);
  knocking(company, traffic);
  return traffic;
}

function shop(company: Company, t: Traffic): void {
  const { outside, balancers, balancers6, webs, apps, backends } = company;
  for (const at of t.every(4)) {
    const [client, server] = [t.pickSkewed(outside.customers), t.pick(balancers)];
    t.add({
      at,
      client,
      server,
      port: t.chance(0.9) ? 443 : 80,
      sent: t.about(3000),
      received: t.about(60_000),
    });
    // What comes after a connection was closed is refused.
    if (t.chance(0.02))
      t.add({ at: at + 25, client, server, port: 443, sent: EMPTY_PACKET, received: 0, refused: true });
  }
  for (const at of t.every(40)) {
    const [client, server] = [t.pickSkewed(outside.customers6), t.pick(balancers6)];
    t.add({ at, client, server, port: 443, sent: t.about(2000), received: t.about(40_000) });
  }
  for (const at of t.every(5))
    t.add({
      at,
      client: t.pick(balancers),
      server: t.pick(webs),
      port: 8080,
      sent: t.about(6000),
      received: t.about(90_000),
    });
  for (const at of t.every(6))
    t.add({
      at,
      client: t.pick(webs),
      server: t.pick(apps),
      port: 9000,
      sent: t.about(3000),
      received: t.about(30_000),
    });
  for (const at of t.every(8))
    t.add({
      at,
      client: t.pick(apps),
      server: t.pick(backends),
      port: 50_051,
      sent: t.about(2000),
      received: t.about(9000),
    });
  for (const at of t.every(50))
    t.add({
      at,
      client: t.pick(apps),
      server: t.pick(outside.payments),
      port: 443,
      sent: t.about(3000),
      received: t.about(4000),
    });
}

function services(company: Company, t: Traffic): void {
  const { apps, backends, databases, caches, queues, search, warehouse, batch, servers, desks, outside } =
    company;
  const users = [...apps, ...backends];
  for (const at of t.every(6)) {
    const [server, client] = [t.pick(databases), t.pick(users)];
    t.add({ at, client, server, port: 5432, seconds: 50, sent: t.about(20_000), received: t.about(90_000) });
  }
  for (const at of t.every(7))
    t.add({
      at,
      client: t.pick(users),
      server: t.pick(caches),
      port: 6379,
      sent: t.about(4000),
      received: t.about(9000),
    });
  for (const at of t.every(12))
    t.add({
      at,
      client: t.pick(users),
      server: t.pick(queues),
      port: 9092,
      sent: t.about(30_000),
      received: t.about(4000),
    });
  for (const at of t.every(20))
    t.add({
      at,
      client: t.pick(apps),
      server: search,
      port: 9200,
      sent: t.about(1500),
      received: t.about(30_000),
    });
  // The databases replicate, and the batch host fills the warehouse.
  const [primary, ...replicas] = databases;
  for (const client of replicas) {
    for (const at of t.every(60, 0.1))
      if (primary !== undefined)
        t.add({
          at,
          client,
          server: primary,
          port: 5432,
          seconds: 55,
          sent: t.about(5000),
          received: t.about(900_000),
        });
  }
  for (const at of t.every(600)) {
    t.add({
      at,
      client: batch,
      server: t.pick(databases),
      port: 5432,
      seconds: 100,
      sent: 60_000,
      received: t.about(20_000_000),
    });
    t.add({
      at,
      client: batch,
      server: warehouse,
      port: 5439,
      seconds: 100,
      sent: t.about(20_000_000),
      received: 200_000,
    });
  }
  for (const at of t.every(1800))
    t.add({
      at,
      client: batch,
      server: outside.partner,
      port: 22,
      seconds: 40,
      sent: t.about(3_000_000),
      received: 60_000,
    });
  // DNS and NTP, of everybody; the office's resolver asks public ones.
  for (const client of [...servers, ...desks]) {
    const server = desks.includes(client) ? company.domain : company.resolver;
    for (const at of t.every(300))
      t.add({
        at,
        seconds: 2,
        client,
        server,
        port: 53,
        protocol: UDP,
        sent: t.about(200),
        received: t.about(400),
      });
  }
  for (const at of t.every(15)) {
    const server = t.pick(outside.resolvers);
    t.add({
      at,
      seconds: 2,
      client: company.domain,
      server,
      port: 53,
      protocol: UDP,
      sent: t.about(150),
      received: t.about(300),
    });
  }
  for (const client of [...servers, company.domain]) {
    for (const at of t.every(1024, 0.02))
      t.add({
        at,
        seconds: 1,
        client,
        server: t.pick(outside.ntp),
        port: 123,
        protocol: UDP,
        sent: 76,
        received: 76,
      });
  }
  for (const at of t.every(90)) {
    const answers = t.chance(0.95);
    t.add({
      at,
      client: company.mail,
      server: t.pick(outside.mailboxes),
      port: 25,
      sent: t.about(30_000),
      received: answers ? 2000 : 0,
    });
    t.add({
      at,
      client: t.pick(outside.mailboxes),
      server: company.mail,
      port: 25,
      sent: t.about(30_000),
      received: 2000,
    });
  }
}

function watching(company: Company, t: Traffic): void {
  const { monitor, servers, outside, desks } = company;
  for (const [n, server] of servers.entries()) {
    for (const at of t.every(120, 0.05)) {
      t.add({ at, seconds: 1, client: monitor, server, port: 0, protocol: ICMP, sent: 84, received: 84 });
      // On one nothing listens, another refuses it.
      const [refused, closed] = [n === 3, n === 11];
      const received = refused ? 0 : closed ? EMPTY_PACKET : t.about(20_000);
      t.add({
        at,
        seconds: 2,
        client: monitor,
        server,
        port: 9100,
        sent: refused || closed ? EMPTY_PACKET : 600,
        received,
        refused,
      });
    }
    for (const at of t.every(180, 0.1))
      t.add({
        at,
        client: server,
        server: t.pick(outside.logs),
        port: 443,
        sent: t.about(30_000),
        received: 1500,
      });
  }
  for (const server of desks) {
    for (const at of t.every(900, 0.05))
      t.add({
        at,
        seconds: 1,
        client: monitor,
        server,
        port: 0,
        protocol: ICMP,
        sent: 84,
        received: t.chance(0.7) ? 84 : 0,
      });
  }
}

function builds(company: Company, t: Traffic): void {
  const { runners, outside, webs, apps } = company;
  for (const client of runners) {
    for (const at of t.every(60, 0.02))
      t.add({ at, seconds: 3, client, server: t.pick(outside.git), port: 443, sent: 1400, received: 4200 });
    for (const at of t.every(900)) {
      t.add({
        at,
        client,
        server: outside.registry,
        port: 443,
        seconds: 120,
        sent: 400_000,
        received: t.about(200_000_000),
      });
      t.add({
        at: at + 200,
        client,
        server: outside.registry,
        port: 443,
        seconds: 60,
        sent: t.about(60_000_000),
        received: 400_000,
      });
      t.add({
        at: at + 300,
        client,
        server: t.pick([...webs, ...apps]),
        port: 22,
        seconds: 30,
        sent: t.about(4_000_000),
        received: 60_000,
      });
    }
  }
}

function office(company: Company, t: Traffic): void {
  const { desks, domain, outside, warehouse } = company;
  for (const at of t.every(3)) {
    const [client, server] = [t.pick(desks), t.pickSkewed(outside.sites)];
    const protocol = t.chance(0.3) ? UDP : 6;
    t.add({ at, client, server, port: 443, protocol, sent: t.about(5000), received: t.about(120_000) });
  }
  for (const at of t.every(60))
    t.add({
      at,
      client: t.pick(desks),
      server: domain,
      port: t.pick([88, 389, 445, 135]),
      sent: t.about(3000),
      received: t.about(9000),
    });
  for (const at of t.every(600)) {
    const [client, server] = [t.pick(desks), t.pick(outside.video)];
    const call = t.about(60_000_000);
    t.add({
      at,
      client,
      server,
      port: 8801,
      protocol: UDP,
      seconds: 1200,
      sent: call * (0.5 + t.int(100) / 100),
      received: call,
    });
    t.add({ at, client, server, port: 3478, protocol: UDP, sent: 900, received: 900 });
    t.add({
      at,
      client: t.pick(desks),
      server: outside.drive,
      port: 443,
      seconds: 60,
      sent: t.about(20_000_000),
      received: 200_000,
    });
    t.add({
      at,
      client: t.pick(desks.slice(0, 4)),
      server: warehouse,
      port: 5439,
      sent: 9000,
      received: t.about(900_000),
    });
    // Sites that don't answer any more.
    t.add({ at, client: t.pick(desks), server: t.pick(outside.sites), port: 443, sent: 3 * 60, received: 0 });
  }
}

function remote(company: Company, t: Traffic): void {
  const { vpn, admins, bastion, outside, webs, apps, databases, monitor } = company;
  for (const client of outside.employees)
    t.add({
      at: 60 + t.int(300),
      client,
      server: vpn,
      port: 1194,
      protocol: UDP,
      seconds: t.seconds,
      sent: t.about(9_000_000),
      received: t.about(60_000_000),
    });
  for (const at of t.every(1200)) {
    const client = t.pick(admins);
    t.add({
      at,
      client,
      server: bastion,
      port: 22,
      seconds: 600,
      sent: t.about(60_000),
      received: t.about(300_000),
    });
    t.add({
      at: at + 30,
      client: bastion,
      server: t.pick([...webs, ...apps]),
      port: 22,
      seconds: 400,
      sent: t.about(40_000),
      received: t.about(200_000),
    });
    t.add({
      at,
      client: t.pick(admins),
      server: t.pick(databases),
      port: 5432,
      seconds: 60,
      sent: 9000,
      received: t.about(90_000),
    });
    t.add({
      at,
      client: t.pick(admins),
      server: monitor,
      port: 3000,
      seconds: 60,
      sent: 9000,
      received: t.about(400_000),
    });
  }
}

function backups(company: Company, t: Traffic): void {
  const { databases, backup, outside } = company;
  for (const [n, client] of databases.entries()) {
    for (let at = 0; at < t.seconds; at += 3600) {
      const hour = new Date((t.start + at) * 1000).getUTCHours();
      if (hour !== 1 + n) continue;
      const bytes = 4e9 + t.about(2e9);
      t.add({
        at: at + 600,
        client,
        server: backup,
        port: 873,
        seconds: 1500,
        sent: bytes,
        received: bytes / 100,
      });
      t.add({
        at: at + 600,
        client,
        server: t.pick(outside.storage),
        port: 443,
        seconds: 1800,
        sent: bytes,
        received: bytes / 100,
      });
    }
  }
  for (const at of t.every(300)) {
    const client = t.pick([...company.apps, ...company.webs]);
    t.add({
      at,
      client,
      server: t.pick(outside.storage),
      port: 443,
      sent: t.about(2_000_000),
      received: t.about(2_000_000),
    });
  }
}

/** Scanners of the Internet, at every public address all day. Some try a few ports, some a few dozen, each now and then. */
function knocking(company: Company, t: Traffic): void {
  for (const at of t.every(60)) {
    const client = { address: publicAddress((below) => t.int(below)) };
    const thorough = t.chance(0.05);
    const ports = thorough ? KNOCKED : [t.pickSkewed(KNOCKED)];
    for (const port of ports) {
      for (const server of company.public) {
        if (t.chance(thorough ? 0.5 : 0.2)) continue;
        knock(company, t, (at + t.int(600)) % t.seconds, client, server, port);
      }
    }
  }
}

function knock(company: Company, t: Traffic, at: number, client: Host, server: Host, port: number): void {
  const open = company.balancers.includes(server)
    ? port === 443 || port === 80
    : server === company.mail && port === 25;
  const sent = open ? 700 : EMPTY_PACKET;
  t.add({ at, seconds: 2, client, server, port, sent, received: open ? 2500 : 0, refused: !open });
}
