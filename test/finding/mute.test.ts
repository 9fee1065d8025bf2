import { describe, expect, test } from "vitest";
import { parseMutes } from "../../src/finding/mute.js";

const RULES = ["port-scan", "beacon"];

describe("lines of what is muted", () => {
  test("name a rule, a network and a port, or any", () => {
    expect(parseMutes("# the scanner of ours\nport-scan, 10.0.0.9/32 ,*\r\n\n*,*,443\n", RULES)).toEqual([
      {
        rule: "port-scan",
        network: { words: Uint32Array.of(0, 0, 0, 0x0a000009), version: 4, prefix: 32 },
        port: undefined,
      },
      { rule: undefined, network: undefined, port: 443 },
    ]);
    expect(parseMutes("beacon,2001:db8::/32,0", RULES)).toMatchObject([
      { network: { version: 6, prefix: 32 }, port: 0 },
    ]);
    expect(parseMutes("beacon,10.0.0.9,*", RULES)).toMatchObject([{ network: { prefix: 32 } }]);
  });

  test.each([
    ["port-scan,10.0.0.0/8", "line 1: expected rule,cidr,port, got port-scan,10.0.0.0/8"],
    ["\nscan,*,*", "line 2: expected * or a rule (port-scan, beacon), got scan"],
    ["*,10.0.0.0/33,*", "line 1: expected * or a CIDR such as 10.0.0.0/8, got 10.0.0.0/33"],
    ["*,fe80::1%eth0,*", "line 1: expected * or a CIDR such as 10.0.0.0/8, got fe80::1%eth0"],
    ["*,*,70000", "line 1: expected * or a port from 0 to 65535, got 70000"],
  ])("that can't be read are refused: %j", (text, message) => {
    expect(() => parseMutes(text, RULES)).toThrow(message);
  });
});
