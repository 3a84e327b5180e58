import { isIP, SocketAddress } from 'node:net';
import { numberOfAddress } from '../apiserver/service-ranges.ts';

export const noCidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

export function parseCidr(text: string) {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const length = Number(digits);
  if (isIP(address) === 0 || length > (family === 'ipv4' ? 32 : 128)) return undefined;
  return { address, length, family } as const;
}

/**
 * What is wrong with a network where it has to be written as Kubernetes writes it; the bits of IPv6 are not looked at.
 * Source: `IsValidCIDR` of apimachinery's validation.
 */
export function strictCidrFault(text: string): string | undefined {
  const plain = text.replace(/(?<=^|[./])0+(?=\d)/g, '');
  const parsed = parseCidr(plain);
  if (parsed === undefined) return noCidr;
  if (plain !== text) return 'must not have leading 0s in IP or prefix length';
  const { address, family, length } = parsed;
  const canonical = `${new SocketAddress({ address, family }).address}/${length}`;
  if (canonical.startsWith('::ffff:')) return 'must not have an IPv4-mapped IPv6 address';
  if (canonical !== text) return `must be in canonical form (${JSON.stringify(canonical)})`;
  const bits = numberOfAddress(address) ?? 0;
  return bits % 2 ** (32 - length) === 0 ? undefined : 'must not have bits set beyond the prefix length';
}
