import { createHash } from 'node:crypto';
import { cidrBlock, cidrText, ipv4Text, overlap } from '../topology/index.ts';

/**
 * Where public addresses are taken from: the benchmarking range (RFC 2544), which is routed nowhere, and of which a
 * machine's own networks have rarely anything.
 */
const range = cidrBlock('198.18.0.0/16');
const blockSize = 256;

/**
 * The /24 of public addresses of an installation: one that overlaps nothing that is `taken`. Where the search begins
 * follows from the installation's id, so that two on one machine hardly ever meet.
 * @throws {Error} all of them are taken.
 */
export function freePublicCidr(installationId: string, taken: readonly string[]): string {
  const blocks = (range.last - range.first + 1) / blockSize;
  const start = createHash('sha256').update(installationId).digest().readUInt32BE() % blocks;
  const others = taken.map(cidrBlock);
  for (let step = 0; step < blocks; step += 1) {
    const first = range.first + ((start + step) % blocks) * blockSize;
    const block = cidrBlock(`${ipv4Text(first)}/24`);
    if (!others.some((other) => overlap(block, other))) return cidrText(block);
  }
  throw new Error(
    `Cannot choose public addresses: this machine's networks and routes take all of ${cidrText(range)}`,
  );
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
