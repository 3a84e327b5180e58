import { createHash } from 'node:crypto';
import type { PrivateNetworkPlan } from '../services/ecs/index.ts';

/**
 * The plain private network of an installation's awsvpc tasks: one subnet, one open security group, their ids
 * made from the installation's, so that they are the same on every start.
 */
export function privateNetworkPlan(installationId: string, cidr: string): PrivateNetworkPlan {
  const id = (kind: string) =>
    createHash('sha256').update(`${installationId}/${kind}`).digest('hex').slice(0, 17);
  return {
    subnetId: `subnet-${id('subnet')}`,
    securityGroupId: `sg-${id('security-group')}`,
    cidr,
    gateway: cidr.replace(/\.0\/16$/, '.1'),
  };
}

/** The first 10.x.0.0/16 from 10.231 on that overlaps nothing that is `taken`. */
export function freePrivateCidr(taken: readonly string[]): string {
  for (let second = 231; second < 255; second += 1) {
    const cidr = `10.${second}.0.0/16`;
    if (!taken.some((other) => overlaps(cidr, other))) return cidr;
  }
  throw new Error(
    'Cannot choose a private network: every network from 10.231.0.0/16 to 10.254.0.0/16 is in use on this machine',
  );
}

function overlaps(one: string, other: string): boolean {
  const [oneAddress, oneLength] = parse(one);
  const [otherAddress, otherLength] = parse(other);
  const length = Math.min(oneLength, otherLength);
  const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
  return (oneAddress & mask) >>> 0 === (otherAddress & mask) >>> 0;
}

function parse(cidr: string): readonly [address: number, length: number] {
  const [address = '', length = '32'] = cidr.split('/');
  let value = 0;
  for (const part of address.split('.')) value = value * 256 + Number(part);
  return [value >>> 0, Number(length)];
}

/**
 * The destinations of the machine's own routes (Linux's /proc/net/route), as CIDRs; the default route left out,
 * for it overlaps everything.
 */
export function routedCidrs(procNetRoute: string): string[] {
  const cidrs: string[] = [];
  for (const line of procNetRoute.split('\n').slice(1)) {
    const [, destination, , , , , , mask] = line.split('\t');
    if (destination === undefined || mask === undefined || destination === '00000000') continue;
    const bytes = (hex: string) => Buffer.from(hex, 'hex').reverse();
    const length = [...bytes(mask)]
      .map((byte) => byte.toString(2))
      .join('')
      .replaceAll('0', '').length;
    cidrs.push(`${[...bytes(destination)].join('.')}/${length}`);
  }
  return cidrs;
}
