import { invalidParameterValue, missingParameter } from '../errors.ts';
import type { SecurityGroupRuleRecord } from '../records.ts';

/** What a rule allows: its protocol and ports as they are kept. */
export type RuleTraffic = Pick<SecurityGroupRuleRecord, 'protocol' | 'fromPort' | 'toPort'>;

interface AskedTraffic {
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
}

/** IANA's numbers of those that have names here. */
const names: Readonly<Record<string, string>> = { '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6' };
const named = new Set(Object.values(names));

/** Those for which EC2 keeps ports, or types and codes; of all others it allows everything. */
export const hasPorts = (protocol: string): boolean => named.has(protocol);

/**
 * @throws {Refusal} MissingParameter; InvalidParameterValue: a protocol that there is not, ports that are missing or out
 * of range.
 */
export function ruleTraffic({ IpProtocol, FromPort, ToPort }: AskedTraffic): RuleTraffic {
  const protocol = protocolOf(IpProtocol);
  if (protocol === 'tcp' || protocol === 'udp') {
    const [fromPort, toPort] = both(FromPort, ToPort, 'TCP/UDP');
    inRange('TCP/UDP (from) port', fromPort, 0, 65_535);
    inRange('TCP/UDP (to) port', toPort, 0, 65_535);
    if (fromPort > toPort) throw invalidParameterValue(`Invalid TCP/UDP port range (${fromPort}:${toPort})`);
    return { protocol, fromPort, toPort };
  }
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    const isAbsent = FromPort === undefined && ToPort === undefined;
    if (protocol === 'icmpv6' && isAbsent) return { protocol, fromPort: -1, toPort: -1 };
    const [type, code] = both(FromPort, ToPort, 'ICMP');
    inRange('ICMP type', type, -1, 255);
    // All types have no code in common.
    inRange('ICMP code', code, -1, type === -1 ? -1 : 255);
    return { protocol, fromPort: type, toPort: code };
  }
  return { protocol, fromPort: -1, toPort: -1 };
}

/** `6` is `tcp`. */
function protocolOf(asked: string | undefined): string {
  if (asked === undefined || asked === '') throw missingParameter('ipProtocol');
  const lower = asked.toLowerCase();
  if (named.has(lower) || lower === '-1') return lower;
  const number = /^\d{1,3}$/.test(lower) ? Number(lower) : Number.NaN;
  if (!(number <= 255)) {
    throw invalidParameterValue(`Invalid value '${asked}' for IP protocol. Unknown protocol.`);
  }
  return names[String(number)] ?? String(number);
}

function both(from: number | undefined, to: number | undefined, protocol: string): readonly [number, number] {
  if (from === undefined || to === undefined) {
    throw invalidParameterValue(
      `Invalid value 'Must specify both from and to ports with ${protocol}.' for portRange.`,
    );
  }
  return [from, to];
}

function inRange(what: string, value: number, first: number, last: number): void {
  if (value < first || value > last) throw invalidParameterValue(`${what} (${value}) out of range`);
}
