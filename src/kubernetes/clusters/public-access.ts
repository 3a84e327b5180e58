import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv4 } from 'node:net';

/** What tells how the tokens of a cluster are verified has an address of its own in EKS, which everybody reaches. */
const ofIssuer = /^\/id\//;

/**
 * Whether a request comes from where the API server may be reached from (`publicAccessCidrs`), which are IPv4's.
 * @param cidrs Absent: from everywhere.
 */
export function reaches(
  { socket, url = '' }: Pick<IncomingMessage, 'socket' | 'url'>,
  cidrs: readonly string[] | undefined,
): boolean {
  if (cidrs === undefined || cidrs.includes('0.0.0.0/0') || ofIssuer.test(url)) return true;
  const admitted = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', length = ''] = cidr.split('/');
    admitted.addSubnet(address, Number(length), 'ipv4');
  }
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return isIPv4(address) && admitted.check(address, 'ipv4');
}
