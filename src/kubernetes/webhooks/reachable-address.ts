import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * Where the control plane calls nobody, whatever an object of a cluster says: what is near the machine and answers by where
 * one asks from (instance metadata, credentials of tasks and pods), and what is no host's address.
 */
const unreachable = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  unreachable.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
] as const)
  unreachable.addSubnet(network, prefix, 'ipv6');

/** @param address Of either family; IPv4 within IPv6 counts as what it is. */
export const isReachable = (address: string): boolean =>
  isIP(address) !== 0 && !unreachable.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

export class UnreachableAddressError extends Error {
  override readonly name = 'UnreachableAddressError';
  constructor(address: string) {
    super(`the address ${address} may not be called by a control plane`);
  }
}
