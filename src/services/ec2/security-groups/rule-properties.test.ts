import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../clock/index.ts';
import type { PrefixListRecord, SecurityGroupRecord, SecurityGroupRuleRecord } from '../records.ts';
import { askedRules } from './asked-rules.ts';
import { groupTopology } from './group-topology.ts';
import type { NamedRule } from './named-rules.ts';
import { permissionsOf } from './permission-view.ts';
import { matchingRules, newRules } from './rule-changes.ts';
import { ruleKey } from './rule-identity.ts';

const traffic = fc.oneof(
  fc.constantFrom('-1', '50', '47').map((protocol) => ({ protocol, fromPort: -1, toPort: -1 })),
  fc.tuple(fc.constantFrom('tcp', 'udp'), fc.nat(65_535), fc.nat(65_535)).map(([protocol, one, other]) => ({
    ...{ protocol, fromPort: Math.min(one, other), toPort: Math.max(one, other) },
  })),
  fc
    .tuple(
      fc.constantFrom('icmp', 'icmpv6'),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: -1, max: 255 }),
    )
    .map(([protocol, fromPort, toPort]) => ({ protocol, fromPort, toPort })),
);
const few = fc.nat(20);
const peer: fc.Arbitrary<NamedRule['peer']> = fc.oneof(
  few.map((at) => ({ type: 'cidr-ipv4' as const, cidr: `10.${at}.0.0/16` })),
  few.map((at) => ({ type: 'cidr-ipv6' as const, cidr: `2001:db8:${(at + 1).toString(16)}::/48` })),
  few.map((at) => ({ type: 'prefix-list' as const, id: `pl-${at}` })),
  few.map((at) => ({ type: 'group' as const, id: `sg-${at}` })),
);
const rule: fc.Arbitrary<NamedRule> = fc
  .tuple(traffic, peer, fc.boolean(), fc.option(fc.constantFrom('quay', 'lock'), { nil: undefined }))
  .map(([ports, source, isEgress, description]) => ({
    ...{ ...ports, peer: source, isEgress },
    ...(description !== undefined && { description }),
  }));
const rules = (maxLength: number) => fc.uniqueArray(rule, { selector: ruleKey, maxLength, size: 'max' });
const random = seededRandom('rules');

describe('rules', () => {
  it('authorized and revoked again leave the group as it was', () => {
    fc.assert(
      fc.property(rules(60), fc.nat(60), (all, at) => {
        const before = newRules(random, [], all.slice(0, at), {});
        const added = newRules(random, before, all.slice(at), {});
        const { found, unknown } = matchingRules([...before, ...added], all.slice(at));
        expect(unknown).toEqual([]);
        expect(found).toEqual(added);
        expect([...before, ...added].filter((each) => !found.includes(each))).toEqual(before);
        expect(matchingRules(before, all.slice(at)).found).toEqual([]);
      }),
    );
  });

  it('are what the merged view shows, each once, however many', () => {
    fc.assert(
      fc.property(rules(3_000), (all) => {
        for (const isEgress of [false, true]) {
          const kept = newRules(
            random,
            [],
            all.filter((each) => each.isEgress === isEgress),
            {},
          );
          const merged = permissionsOf(kept, '111122223333');
          const asked = merged.length === 0 ? [] : askedRules(merged);
          const again = asked.map(({ peer: shown, ...rest }) => ({ ...rest, isEgress, peer: known(shown) }));
          expect(sorted(again)).toEqual(sorted(kept));
          const ports = merged.map(
            ({ IpProtocol, FromPort, ToPort }) => `${IpProtocol} ${FromPort} ${ToPort}`,
          );
          expect(new Set(ports).size).toBe(ports.length);
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** What the merged view names is told by id. */
function known(shown: ReturnType<typeof askedRules>[number]['peer']): NamedRule['peer'] {
  if (shown.type !== 'group') return shown;
  return { type: 'group', id: shown.id ?? '' };
}

const sorted = (some: readonly NamedRule[]) =>
  some.map((each) => `${ruleKey(each)} ${each.description}`).sort();

describe("a group's topology", () => {
  const list = (addressFamily: 'IPv4' | 'IPv6', ...cidrs: string[]): PrefixListRecord => ({
    ...{
      id: 'pl-1',
      name: 'n',
      addressFamily,
      maxEntries: 5,
      version: 1,
      state: 'create-complete',
      tags: {},
    },
    entries: cidrs.map((cidr) => ({ cidr })),
  });
  const group = (...some: Partial<SecurityGroupRuleRecord>[]): SecurityGroupRecord => ({
    ...{ id: 'sg-1', name: 'n', description: 'd', vpcId: 'vpc-1', tags: {} },
    rules: some.map((bent, at) => ({
      ...{ id: `sgr-${at}`, isEgress: false, protocol: '-1', fromPort: -1, toPort: -1, tags: {} },
      peer: { type: 'cidr-ipv4', cidr: '10.0.0.0/8' },
      ...bent,
    })),
  });
  const none = () => undefined;

  it('has every kind of traffic and peer, without IPv6', () => {
    const lists = new Map([
      ['pl-1', list('IPv4', '10.1.0.0/16', '10.2.0.0/16')],
      ['pl-6', list('IPv6', '::/0')],
      ['pl-0', list('IPv4')],
    ]);
    const record = group(
      {},
      { protocol: 'tcp', fromPort: 80, toPort: 81, peer: { type: 'group', id: 'sg-2' } },
      { protocol: 'icmp', fromPort: 8 },
      { protocol: 'icmp', fromPort: 8, toPort: 0, isEgress: true },
      { protocol: '50', peer: { type: 'prefix-list', id: 'pl-1' } },
      { protocol: 'icmpv6' },
      { peer: { type: 'cidr-ipv6', cidr: '::/0' } },
      { peer: { type: 'prefix-list', id: 'pl-6' } },
      { peer: { type: 'prefix-list', id: 'pl-0' } },
    );
    const cidrs = (...some: string[]) => ({ type: 'cidrs', cidrs: some });
    expect(groupTopology(record, (id) => lists.get(id))).toEqual({
      id: 'sg-1',
      ingress: [
        { id: 'sgr-0', traffic: { protocol: 'all' }, peer: cidrs('10.0.0.0/8') },
        {
          ...{ id: 'sgr-1', traffic: { protocol: 'tcp', fromPort: 80, toPort: 81 } },
          peer: { type: 'group', id: 'sg-2' },
        },
        { id: 'sgr-2', traffic: { protocol: 'icmp', type: 8 }, peer: cidrs('10.0.0.0/8') },
        { id: 'sgr-4', traffic: { protocol: 50 }, peer: cidrs('10.1.0.0/16', '10.2.0.0/16') },
      ],
      egress: [{ id: 'sgr-3', traffic: { protocol: 'icmp', type: 8, code: 0 }, peer: cidrs('10.0.0.0/8') }],
    });
  });

  it('is the same object until the group or one of its prefix lists changes', () => {
    const record = group({ peer: { type: 'prefix-list', id: 'pl-1' } });
    const [one, other] = [list('IPv4', '10.1.0.0/16'), list('IPv4', '10.2.0.0/16')];
    const first = groupTopology(record, () => one);
    expect(groupTopology(record, () => one)).toBe(first);
    const second = groupTopology(record, () => other);
    expect(second.ingress[0]?.peer).toEqual({ type: 'cidrs', cidrs: ['10.2.0.0/16'] });
    expect(groupTopology({ ...record }, none).ingress).toEqual([]);
  });
});
