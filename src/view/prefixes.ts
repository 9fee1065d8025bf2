import type { AddressValues } from "./address-values.js";

/** So many bits of an address name its group. */
export interface Prefixes {
  readonly v4: number;
  readonly v6: number;
}

const VERSIONS = [4, 6] as const;

/** Networks are numbered in these by those who plan them: what is finer splits what belongs together. */
const USUAL_LONGEST: Prefixes = { v4: 24, v6: 64 };

/**
 * The longest prefixes that give at most so many groups of these addresses, of IPv4 and IPv6 apart: each has a share by its
 * number of addresses, and what one leaves the other takes.
 *
 * @param groups at least 1 for each version that occurs
 * @param most none is longer; those of usual networks unless given
 */
export function longestPrefixes(
  addresses: readonly number[],
  values: AddressValues,
  groups: number,
  most: Prefixes = USUAL_LONGEST,
): Prefixes {
  const [v4, v6] = VERSIONS.map((version) =>
    groupsByPrefix(
      addresses.filter((address) => values.version(address) === version),
      values,
      version,
      version === 4 ? most.v4 : most.v6,
    ),
  );
  if (v4 === undefined || v6 === undefined) throw new RangeError("there are two versions");
  const all = addresses.length;
  const shareOf6 = v6.count === 0 ? 0 : Math.max(1, Math.floor((groups * v6.count) / all));
  const first6 = v6.longest(v4.count === 0 ? groups : shareOf6);
  const prefix4 = v4.longest(groups - v6.groups(first6));
  return { v4: prefix4, v6: v6.longest(groups - v4.groups(prefix4)) };
}

interface GroupsByPrefix {
  readonly count: number;
  groups(prefix: number): number;
  /** The longest prefix that gives at most so many groups; 0 gives one. */
  longest(groups: number): number;
}

/** How many groups prefixes of each length give: of neighbours in order, one more where they differ in its bits. */
function groupsByPrefix(
  addresses: readonly number[],
  values: AddressValues,
  version: 4 | 6,
  most: number,
): GroupsByPrefix {
  const common = version === 4 ? commonBits4(addresses, values) : commonBits6(addresses, values);
  const groups = (prefix: number): number => {
    if (addresses.length === 0) return 0;
    return common.subarray(0, prefix).reduce((sum, count) => sum + count, 1);
  };
  const longest = (count: number): number => {
    let prefix = most;
    while (prefix > 0 && groups(prefix) > count) prefix--;
    return prefix;
  };
  return { count: addresses.length, groups, longest };
}

/** By the number of bits that neighbours in order have in common: how many such neighbours there are. */
function commonBits4(addresses: readonly number[], values: AddressValues): Uint32Array {
  const sorted = Uint32Array.from(addresses, (address) => values.word(address, 3)).toSorted();
  const common = new Uint32Array(32 + 1);
  for (let i = 1; i < sorted.length; i++) {
    const same = Math.clz32((sorted[i - 1] ?? 0) ^ (sorted[i] ?? 0));
    common[same] = (common[same] ?? 0) + 1;
  }
  return common;
}

function commonBits6(addresses: readonly number[], values: AddressValues): Uint32Array {
  const sorted = Int32Array.from(addresses).toSorted((a, b) => values.compare(a, b));
  const common = new Uint32Array(128 + 1);
  for (let i = 1; i < sorted.length; i++) {
    let same = 0;
    for (let word = 0; word < 4; word++) {
      const differing = Math.clz32(values.word(sorted[i - 1] ?? 0, word) ^ values.word(sorted[i] ?? 0, word));
      same += differing;
      if (differing < 32) break;
    }
    common[same] = (common[same] ?? 0) + 1;
  }
  return common;
}
