import { isIPv6 } from 'node:net';

/**
 * An IPv6 block in the form in which EC2 shows it (RFC 5952): `2001:DB8::1/32` is `2001:db8::/32`. Undefined when it
 * isn't one.
 */
export function ipv6Block(text: string): string | undefined {
  const [, address = '', lengthText = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? [];
  const length = Number(lengthText);
  if (!isIPv6(address) || length > 128) return undefined;
  const kept = groupsOf(canonical(address)).map((group, place) => {
    const bits = Math.min(16, Math.max(0, length - place * 16));
    return group & (0xffff << (16 - bits));
  });
  return `${canonical(kept.map((group) => group.toString(16)).join(':'))}/${length}`;
}

function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Its eight groups. @param address In canonical form. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail] = address
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))));
  if (tail === undefined) return head;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
