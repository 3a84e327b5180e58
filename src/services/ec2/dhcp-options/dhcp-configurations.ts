import type { NewDhcpConfiguration } from '@aws-sdk/client-ec2';
import { parseIpv4 } from '../../../topology/index.ts';
import { invalidParameterValue, invalidValue, missingParameter, shown, unsupported } from '../errors.ts';
import type { DhcpOptionsRecord } from '../records.ts';

type Check = (values: readonly string[]) => string | undefined;

const maxServers = 4;

/** What is wrong with the values of each option (EC2 API reference, CreateDhcpOptions). */
const checks: Readonly<Record<string, Check>> = {
  'domain-name': ([name = '', ...others]) =>
    others.length === 0 && /^[\w.-]+( [\w.-]+)*$/.test(name) ? undefined : 'Expecting one domain name.',
  'domain-name-servers': (values) =>
    values.length === 1 && values[0] === 'AmazonProvidedDNS' ? undefined : addressProblem(values),
  'ntp-servers': addressProblem,
  'netbios-name-servers': addressProblem,
  'netbios-node-type': ([type = '', ...others]) =>
    others.length === 0 && ['1', '2', '4', '8'].includes(type) ? undefined : 'Expecting 1, 2, 4 or 8.',
};

/** @throws InvalidParameterValue, MissingParameter, UnsupportedOperation */
export function readConfigurations(
  configurations: readonly NewDhcpConfiguration[] = [],
): DhcpOptionsRecord['configurations'] {
  if (configurations.length === 0) throw missingParameter('DhcpConfiguration');
  const read = new Map<string, readonly string[]>();
  for (const { Key = '', Values = [] } of configurations) {
    if (Key === 'ipv6-address-preferred-lease-time') throw unsupported(`${Key}: IPv6 is`);
    const check = Object.hasOwn(checks, Key) ? checks[Key] : undefined;
    if (check === undefined) throw invalidValue(Key, 'key', 'There is no such DHCP option.');
    if (read.has(Key)) throw invalidParameterValue(`The DHCP option ${Key} is given more than once.`);
    // Programs send several servers in one value, too.
    const values = Values.flatMap((value) => value.split(',').map((each) => each.trim()));
    const problem = check(values);
    if (problem !== undefined) throw invalidValue(shown(values.join(', ')), Key, problem);
    read.set(Key, values);
  }
  return Object.fromEntries(read);
}

function addressProblem(values: readonly string[]): string | undefined {
  if (values.length === 0 || values.length > maxServers) return `Expecting 1 to ${maxServers} addresses.`;
  return values.every((value) => parseIpv4(value) !== undefined) ? undefined : 'Expecting IPv4 addresses.';
}
