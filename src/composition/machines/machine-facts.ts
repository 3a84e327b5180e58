import { isIPv4 } from 'node:net';
import type { Architecture, MachineFacts } from '../../machines/index.ts';
import { Refusal } from '../../protocols/index.ts';

const architectures: readonly Architecture[] = ['arm64', 'x86_64'];

/** What a machine tells of itself. @throws {Refusal} */
export function readFacts(given: { get(member: keyof MachineFacts): string | null }): MachineFacts {
  const name = given.get('name') ?? '';
  if (!/^[\w.-]{1,253}$/.test(name)) throw invalid('Invalid name: a host name is expected');
  const address = given.get('address') ?? '';
  if (!isReachable(address))
    throw invalid(
      `Invalid address ${address}: an IPv4 address is expected at which the other machines reach this one`,
    );
  const architecture = architectures.find((it) => it === given.get('architecture'));
  return { name, address, version: given.get('version') ?? '', ...(architecture && { architecture }) };
}

/** Whether others could reach a machine there. */
export function isReachable(address: string): boolean {
  return isIPv4(address) && !/^(?:0|127|169\.254)\./.test(address);
}

const invalid = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
