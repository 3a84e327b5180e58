import { expect, it } from 'vitest';
import { noCidr, strictCidrFault } from './cidr.ts';

it.each([
  ['10.9.8.0/24', undefined],
  ['0.0.0.0/0', undefined],
  ['10.9.8.7/32', undefined],
  ['2001:db8::/64', undefined],
  ['10.9.8.0', noCidr],
  ['10.9.8.0/33', noCidr],
  ['10.9.300.0/24', noCidr],
  ['010.9.8.0/24', 'must not have leading 0s in IP or prefix length'],
  ['10.9.8.0/024', 'must not have leading 0s in IP or prefix length'],
  ['::ffff:10.9.8.0/120', 'must not have an IPv4-mapped IPv6 address'],
  ['2001:DB8::/64', 'must be in canonical form ("2001:db8::/64")'],
  ['10.9.8.1/24', 'must not have bits set beyond the prefix length'],
])('%s', (text, fault) => {
  expect(strictCidrFault(text)).toBe(fault);
});
