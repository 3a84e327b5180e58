import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTopology } from '../../../topology/testing/topologies.ts';
import { interfaceOf, rule, vpcOf } from '../../../topology/testing/vpc.ts';
import { whyNoVpcs } from '../open.ts';
import { firewallChanges, firewallOf } from './index.ts';

const web = { id: 'sg-web', ingress: [rule('tcp 80 from 0.0.0.0/0')], egress: [rule('all to 0.0.0.0/0')] };
const api = { id: 'sg-api', ingress: [rule('tcp 80 from sg-web')], egress: [] };
const vpc = vpcOf({
  securityGroups: [web, api],
  interfaces: [
    interfaceOf(0, { securityGroupIds: ['sg-web'] }),
    interfaceOf(1, { securityGroupIds: ['sg-api'] }),
  ],
});

function changes(changed: Partial<typeof vpc>): readonly string[] {
  return firewallChanges(firewallOf(vpc), firewallOf({ ...vpc, ...changed }))
    .split('\n')
    .filter((line) => line !== '');
}

describe('firewallChanges', () => {
  it('is nothing for what is the same, also in other objects', () => {
    expect(changes(structuredClone(vpc))).toEqual([]);
  });

  it('adds one element for one rule, whatever else there is', () => {
    const opened = { ...web, ingress: [...web.ingress, rule('tcp 443 from 10.0.0.0/8')] };
    expect(changes({ securityGroups: [opened, api] })).toEqual([
      'add element inet vpc ingress_sg-web_ports { 10.0.0.0-10.255.255.255 . 6 . 443 }',
    ]);
  });

  it('adds a member to a group that rules name as one element', () => {
    const [one, other] = vpc.interfaces;
    if (one === undefined || other === undefined) throw new Error('There are two');
    const joined = { ...other, securityGroupIds: ['sg-api', 'sg-web'] };
    expect(changes({ interfaces: [one, joined] })).toEqual([
      'add element inet vpc members_sg-web { 10.0.0.5 }',
      `flush chain inet vpc egress_${other.id}`,
      `flush chain inet vpc ingress_${other.id}`,
      `add rule inet vpc egress_${other.id} jump egress_sg-api`,
      `add rule inet vpc egress_${other.id} jump egress_sg-web`,
      `add rule inet vpc ingress_${other.id} jump ingress_sg-api`,
      `add rule inet vpc ingress_${other.id} jump ingress_sg-web`,
    ]);
  });
});

const why = await whyNoVpcs();

describe.skipIf(why !== undefined)(`the kernel’s rules ${why ?? ''}`, () => {
  it('are the same, changed from any others or made anew', async () => {
    const { TestMachine } = await import('../testing/machine.ts');
    const { Nftables } = await import('../nftables.ts');
    await using machine = new TestMachine();
    using nftables = new Nftables(machine.namespace('vpc'));
    let before: ReturnType<typeof firewallOf> | undefined;
    fc.assert(
      fc.property(anyTopology, (topology) => {
        const after = firewallOf(topology);
        nftables.run(firewallChanges(before, after));
        const changed = listed();
        // In place of what there is.
        nftables.run(firewallChanges(undefined, after));
        expect(listed()).toEqual(changed);
        before = after;
      }),
      { numRuns: 60, endOnFailure: true },
    );

    /** Each part in one line, in an order that does not depend on when it was made. */
    function listed(): readonly string[] {
      const parts = nftables.list('ruleset').split(/\n(?=\t\S|\S)/);
      return parts.map((part) => part.replace(/(?<=elements = \{)[^}]*/, sortedElements).trim()).sort();
    }
  });
});

function sortedElements(elements: string): string {
  return elements
    .split(',')
    .map((element) => element.trim())
    .sort()
    .join(', ');
}
