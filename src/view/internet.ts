import type { Cidr } from "../flow-log/cidr.js";
import type { AddressValues } from "./address-values.js";

/** Networks whose addresses nobody on the Internet has, as prefix bits and the first word of IPv4 or IPv6. */
const PRIVATE_IPV4 = [
  // RFC 1918
  [8, 0x0a000000],
  [12, 0xac100000],
  [16, 0xc0a80000],
  // RFC 6598: of carriers, and of clouds
  [10, 0x64400000],
  // Link-local, loopback, "this network", multicast, reserved and broadcast
  [16, 0xa9fe0000],
  [8, 0x7f000000],
  [8, 0x00000000],
  [3, 0xe0000000],
] as const;
const PRIVATE_IPV6 = [
  // RFC 4193, link-local, multicast
  [7, 0xfc000000],
  [10, 0xfe800000],
  [8, 0xff000000],
] as const;

/** Whether an address belongs to no network of the Internet: private, link-local, loopback or multicast. */
export function isPrivate(values: AddressValues, address: number): boolean {
  if (values.version(address) === 4) return isPrivateIPv4(values.word(address, 3));
  const first = values.word(address, 0);
  if (first !== 0) return isIn(PRIVATE_IPV6, first);
  if (values.word(address, 1) !== 0) return false;
  // `::`, `::1`, and IPv4 in IPv6.
  const third = values.word(address, 2);
  return third === 0
    ? values.word(address, 3) <= 1
    : third === 0xffff && isPrivateIPv4(values.word(address, 3));
}

/** Whether all addresses of a network are private. */
export function isPrivateNetwork({ version, words, prefix }: Cidr): boolean {
  const networks: readonly (readonly [number, number])[] = version === 4 ? PRIVATE_IPV4 : PRIVATE_IPV6;
  const first = words[version === 4 ? 3 : 0] ?? 0;
  return networks.some(([bits, network]) => prefix >= bits && (first ^ network) >>> (32 - bits) === 0);
}

function isPrivateIPv4(address: number): boolean {
  return isIn(PRIVATE_IPV4, address);
}

function isIn(networks: readonly (readonly [number, number])[], word: number): boolean {
  return networks.some(([bits, network]) => (word ^ network) >>> (32 - bits) === 0);
}
