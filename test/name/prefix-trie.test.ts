import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressText, type Cidr, networkOf, parseCidr } from "../../src/flow-log/cidr.js";
import { findPrefix, PrefixTrie, valueOf } from "../../src/name/prefix-trie.js";

/** Few bits that differ, so that networks lie within each other, and addresses within them. */
const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 0x0a000000), fc.nat(2 ** 32 - 1));
const address = fc.tuple(fc.constantFrom(4, 6), word, word, word, word).map(([version, ...words]) => ({
  version: version === 4 ? (4 as const) : (6 as const),
  words: Uint32Array.from(version === 4 ? [0, 0, 0, words[3]] : words),
}));
const cidr = fc
  .tuple(address, fc.nat(128))
  .map(([address, prefix]): Cidr =>
    networkOf({ ...address, prefix: address.version === 4 ? prefix % 33 : prefix }),
  );

function bits(words: Uint32Array): string {
  return [...words].map((word) => word.toString(2).padStart(32, "0")).join("");
}

/** As it is defined, with every bit as a character. */
function naive(networks: readonly Cidr[], { version, words }: Omit<Cidr, "prefix">): number {
  const isMapped = version === 6 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  const text = isMapped ? bits(words).slice(96) : version === 4 ? bits(words).slice(96) : bits(words);
  let best = -1;
  let bestPrefix = -1;
  for (const [index, network] of networks.entries()) {
    if (network.version !== (isMapped ? 4 : version) || network.prefix <= bestPrefix) continue;
    const own = network.version === 4 ? bits(network.words).slice(96) : bits(network.words);
    if (!text.startsWith(own.slice(0, network.prefix))) continue;
    best = index;
    bestPrefix = network.prefix;
  }
  return best;
}

function trieOf(networks: readonly Cidr[]): Int32Array {
  const trie = new PrefixTrie();
  for (const [index, network] of networks.entries()) trie.insert(network, index);
  return trie.freeze();
}

test("an address has the number of its longest prefix, as the definition says", () => {
  fc.assert(
    fc.property(
      fc.array(cidr, { maxLength: 40 }),
      fc.array(address, { maxLength: 20 }),
      (networks, others) => {
        const nodes = trieOf(networks);
        // The ends of networks are where faults are, and what lies next to them.
        for (const { version, words } of [...networks, ...others]) {
          for (const change of [0, 1, 2 ** 31]) {
            const changed = words.slice();
            changed[3] = (changed[3] ?? 0) ^ change;
            const node = findPrefix(nodes, changed, version);
            const asked = `${addressText({ version, words: changed })} in ${networks.length}`;
            expect(node < 0 ? -1 : valueOf(nodes, node), asked).toBe(
              naive(networks, { version, words: changed }),
            );
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("chains of every length, from the whole of a version to one address", () => {
  const networks = [
    ...Array.from({ length: 33 }, (_, prefix) => ({ text: "10.1.2.3", prefix })),
    ...Array.from({ length: 129 }, (_, prefix) => ({ text: "2001:db8::1", prefix })),
  ].map(({ text, prefix }) => {
    const parsed = parseCidr(`${text}/${prefix}`);
    if (parsed === undefined) throw new Error(text);
    return networkOf(parsed);
  });
  const forwards = trieOf(networks);
  const backwards = trieOf(networks.toReversed());
  for (const [index, network] of networks.entries()) {
    // Its last address but for the bit after the prefix lies in no longer one.
    const flipped = network.words.slice();
    const bit = network.version === 4 ? 96 + network.prefix : network.prefix;
    const whole = networks[network.version === 4 ? 32 : networks.length - 1]?.words ?? flipped;
    flipped.set(whole);
    if (bit < 128) flipped[bit >>> 5] = (flipped[bit >>> 5] ?? 0) ^ (1 << (31 - (bit & 31)));
    const found = (nodes: Int32Array) => valueOf(nodes, findPrefix(nodes, flipped, network.version));
    expect(found(forwards)).toBe(index);
    expect(found(backwards)).toBe(networks.length - 1 - index);
  }
});
