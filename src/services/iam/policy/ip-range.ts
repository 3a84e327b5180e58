import { isIP } from 'node:net';

/** Whether an address is in the range. An address that is none is in no range. */
export type IpRange = (address: string) => boolean;

/**
 * An IPv4 address is never in a range of IPv6, however it is written.
 *
 * @param text CIDR notation, IPv4 or IPv6; without a prefix one address.
 * @returns Undefined where it is no range.
 */
export function readIpRange(text: string): IpRange | undefined {
  const [address = '', prefixText, ...more] = text.split('/');
  const network = readAddress(address);
  if (network === undefined || more.length > 0) return undefined;
  const longest = network.length * 16;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = prefixText === undefined ? longest : Number(prefixText);
  if (prefix > longest) return undefined;
  const masks = network.map((_, index) => {
    const bits = Math.min(16, Math.max(0, prefix - index * 16));
    return (0xffff << (16 - bits)) & 0xffff;
  });
  return (other) => {
    const words = wordsOf(other);
    return (
      words?.length === network.length &&
      masks.every((mask, index) => (((words[index] ?? 0) ^ (network[index] ?? 0)) & mask) === 0)
    );
  };
}

/** One request's address is compared with many ranges, one after the other. */
let latest: { readonly text: string; readonly words: readonly number[] | undefined } | undefined;

function wordsOf(text: string): readonly number[] | undefined {
  if (latest?.text !== text) latest = { text, words: readAddress(text) };
  return latest.words;
}

/** In words of 16 bits: two for IPv4, eight for IPv6. Zones are of one machine, and make it no address. */
function readAddress(text: string): readonly number[] | undefined {
  const version = isIP(text);
  if (version === 4) return ipv4Words(text);
  if (version !== 6 || text.includes('%')) return undefined;
  const [before = '', after] = text.split('::');
  const head = ipv6Words(before);
  if (after === undefined) return head;
  const tail = ipv6Words(after);
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function ipv4Words(text: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The last group may be an IPv4 address. */
function ipv6Words(text: string): readonly number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? ipv4Words(group) : [Number.parseInt(group, 16)]));
}
