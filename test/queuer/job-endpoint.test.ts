import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { jobEndpoint, machineNames, resolveJobEndpoint } from "../../src/queuer/job-endpoint.js";

const settings = z.object({ STREAM_APPLIANCE_ENDPOINT: jobEndpoint.optional() });

function parse(text: string | undefined): URL | undefined {
  return settings.parse({ STREAM_APPLIANCE_ENDPOINT: text }).STREAM_APPLIANCE_ENDPOINT;
}

const any4 = { host: "0.0.0.0", port: 8080 };
const any6 = { host: "::", port: 8080 };
const loop4 = { host: "127.0.0.1", port: 8080 };
const loop6 = { host: "::1", port: 8080 };
const lan = { host: "10.1.2.3", port: 8080 };
const http = { host: "0.0.0.0", port: 80 };

describe("where jobs are POSTed", () => {
  test.for([
    // Unset: here.
    [undefined, any4, "http://127.0.0.1:8080/produce", true],
    [undefined, any6, "http://127.0.0.1:8080/produce", true],
    [undefined, loop4, "http://127.0.0.1:8080/produce", true],
    [undefined, loop6, "http://[::1]:8080/produce", true],
    [undefined, lan, "http://10.1.2.3:8080/produce", true],
    [undefined, { host: "fe80::1%eth0", port: 8080 }, "http://[fe80::1]:8080/produce", true],
    // This process by its other names.
    [":8080", any4, "http://127.0.0.1:8080/produce", true],
    [":8080", lan, "http://10.1.2.3:8080/produce", true],
    ["0.0.0.0:8080", any4, "http://127.0.0.1:8080/produce", true],
    ["[::]:8080", any6, "http://127.0.0.1:8080/produce", true],
    ["localhost:8080", loop4, "http://127.0.0.1:8080/produce", true],
    ["LOCALHOST:8080", loop6, "http://[::1]:8080/produce", true],
    ["http://localhost:8080", any4, "http://127.0.0.1:8080/produce", true],
    ["http://localhost:8080/", any4, "http://127.0.0.1:8080/produce", true],
    ["http://127.0.0.1:8080/produce", any4, "http://127.0.0.1:8080/produce", true],
    ["http://[0:0:0:0:0:0:0:1]:8080", any6, "http://127.0.0.1:8080/produce", true],
    ["Worker-1:8080", any4, "http://127.0.0.1:8080/produce", true],
    ["10.1.2.3:8080", any4, "http://127.0.0.1:8080/produce", true],
    ["10.1.2.3:8080", lan, "http://10.1.2.3:8080/produce", true],
    ["http://[fd00::1]:8080", any6, "http://127.0.0.1:8080/produce", true],
    ["localhost:8080/topic/event?a=b", any4, "http://127.0.0.1:8080/topic/event?a=b", true],
    ["http://localhost", http, "http://127.0.0.1/produce", true],
    ["localhost:0", { host: "127.0.0.1", port: 43_210 }, "http://127.0.0.1:43210/produce", true],
    [":0", { host: "0.0.0.0", port: 43_210 }, "http://127.0.0.1:43210/produce", true],
    // Somebody else.
    [":9090", any4, "http://127.0.0.1:9090/", false],
    ["[::]:9090", any4, "http://127.0.0.1:9090/", false],
    ["localhost:9090/topic/event", any4, "http://localhost:9090/topic/event", false],
    ["bus:8080", any4, "http://bus:8080/", false],
    ["http://bus/topic/event?a=b", http, "http://bus/topic/event?a=b", false],
    ["https://localhost:8080", any4, "https://localhost:8080/", false],
    ["https://localhost", http, "https://localhost/", false],
    ["10.9.9.9:8080", lan, "http://10.9.9.9:8080/", false],
  ] as const)("%s for a process on %o is %s", ([text, bound, url, local]) => {
    const endpoint = resolveJobEndpoint(parse(text), bound, ["worker-1", "10.1.2.3", "fd00::1"]);
    expect({ url: endpoint.url.href, local: endpoint.local }).toEqual({ url, local });
  });

  test("what was configured isn't changed by resolving it", () => {
    const configured = parse(":8080");
    resolveJobEndpoint(configured, any4, []);
    expect(configured?.href).toBe("http://0.0.0.0:8080/");
  });

  test.for([
    "",
    "8080",
    "bus",
    "bus:",
    "bus:port",
    "bus:99999",
    "::1:8080",
    "ftp://bus/",
    "file:./jobs",
    "http://",
    "http://bus:8080/#top",
    "bus:8080?x",
    "//bus:8080",
  ])("%j is refused, with what was expected", (text) => {
    const { error } = settings.safeParse({ STREAM_APPLIANCE_ENDPOINT: text });
    expect(error?.issues[0]?.message).toMatch(/^expected a URL such as/);
  });

  test("credentials in the URL are refused, and not repeated", () => {
    const { error } = settings.safeParse({ STREAM_APPLIANCE_ENDPOINT: "http://user:secret@bus:8080" });
    expect(error?.issues[0]?.message).toBe("expected a URL without user and password");
  });

  test("any text is either refused or an address that can be connected to", () => {
    const endpoint = fc.oneof(
      fc.string(),
      fc.webUrl({ withQueryParameters: true }),
      fc
        .tuple(
          fc.oneof(fc.constantFrom("", "localhost", "[::]"), fc.domain(), fc.ipV4()),
          fc.integer({ min: 0, max: 70_000 }),
          fc.constantFrom("", "/", "/produce", "/a/b?c=d"),
        )
        .map(([host, port, path]) => `${host}:${port}${path}`),
    );
    fc.assert(
      fc.property(endpoint, fc.integer({ min: 1, max: 65_535 }), (text, port) => {
        const parsed = settings.safeParse({ STREAM_APPLIANCE_ENDPOINT: text });
        if (!parsed.success) return;
        const bound = { host: "::", port };
        const { url, local } = resolveJobEndpoint(parsed.data.STREAM_APPLIANCE_ENDPOINT, bound, ["me"]);
        expect(url.protocol).toMatch(/^https?:$/);
        expect(["0.0.0.0", "[::]", ""]).not.toContain(url.hostname);
        if (local) {
          expect(url.hostname).toBe("127.0.0.1");
          expect(Number(url.port || 80)).toBe(port);
          expect(url.pathname).not.toBe("/");
          // Resolving is idempotent.
          expect(resolveJobEndpoint(url, bound, [])).toEqual({ url, local });
        }
      }),
    );
  });

  test("a machine knows its own addresses", () => {
    expect(machineNames()).toContain("127.0.0.1");
  });
});
