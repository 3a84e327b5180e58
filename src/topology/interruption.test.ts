import { describe, expect, test } from 'vitest';
import { type Flow, interruptedFlows } from './interruption.ts';
import { interfaceOf, rule, vpcOf } from './testing/vpc.ts';
import type { VpcTopology } from './topology.ts';

/** 10.0.0.4 is in sg-open, 10.0.0.5 in sg-other. */
function vpcWith(ingress: readonly string[], egress: readonly string[] = ['all to 0.0.0.0/0']): VpcTopology {
  return vpcOf({
    interfaces: [interfaceOf(0), interfaceOf(1, { securityGroupIds: ['sg-other'] })],
    securityGroups: [
      { id: 'sg-open', ingress: ingress.map(rule), egress: egress.map(rule) },
      { id: 'sg-other', ingress: [], egress: [rule('all to 0.0.0.0/0')] },
    ],
  });
}

/** `tcp 10.0.0.5 > 10.0.0.4:80`; `a=b` where it is translated from a to b. */
function flowOf(text: string): Flow {
  const [, protocol, source = '', sentAs = source, destination = '', receiver = destination, port] =
    /^(\w+) ([\d.]+)(?:=([\d.]+))? > ([\d.]+)(?:=([\d.]+))?:(\d+)$/.exec(text) ?? [];
  return {
    ...{ protocol: protocol === 'udp' ? 'udp' : 'tcp', source, sentAs, destination, receiver },
    port: Number(port),
  };
}

const isInterrupted = (before: VpcTopology, after: VpcTopology, flow: string): boolean =>
  interruptedFlows(before, after)?.(flowOf(flow)) ?? false;

const toServer = 'tcp 10.0.0.5 > 10.0.0.4:80';
const toWorld = 'tcp 10.0.0.4 > 192.0.2.1:443';

describe('a change of security groups interrupts', () => {
  test.each([
    // What was let in from everybody, and all was let out: such a flow needs no tracking.
    [['tcp 80 from 0.0.0.0/0'], [], toServer, true],
    [['all from 0.0.0.0/0'], [], toServer, true],
    [['udp 80 from 0.0.0.0/0'], [], 'udp 10.0.0.5 > 10.0.0.4:80', true],
    [['tcp 80 from 0.0.0.0/0'], [], 'tcp 192.0.2.1 > 198.18.0.9=10.0.0.4:80', true],
    [['tcp 80 from 0.0.0.0/0'], ['tcp 80 from 192.0.2.0/24'], toServer, true],
    // What was let in from some is tracked, and goes on.
    [['tcp 80 from 10.0.0.0/8'], [], toServer, false],
    [['all from sg-other'], [], toServer, false],
    // What is still let in goes on.
    [['tcp 80 from 0.0.0.0/0'], ['tcp 80 from 10.0.0.0/8'], toServer, false],
    [['tcp 80 from 0.0.0.0/0'], ['all from sg-other'], toServer, false],
    // Others have nothing to do with it.
    [['tcp 80 from 0.0.0.0/0'], [], 'tcp 10.0.0.5 > 10.0.0.4:81', false],
    [['tcp 80 from 0.0.0.0/0'], [], 'udp 10.0.0.5 > 10.0.0.4:80', false],
    [['tcp 80 from 0.0.0.0/0'], [], 'tcp 10.0.0.4 > 10.0.0.5:80', false],
  ])('rules for everybody, %s to %s: %s %s', (before, after, flow, expected) => {
    expect(isInterrupted(vpcWith(before), vpcWith(after), flow)).toBe(expected);
  });

  test.each([
    [['tcp 0-65535 from 0.0.0.0/0'], toWorld, true],
    [['all from 0.0.0.0/0'], toWorld, true],
    // Answers are not let in by rules, so they are let in by what is tracked.
    [['tcp 443 from 0.0.0.0/0'], toWorld, false],
    [[], toWorld, false],
    [['all from 0.0.0.0/0'], 'tcp 10.0.0.4=10.0.0.100 > 192.0.2.1:443', false],
  ])('what was let out, when %s was let in: %s %s', (ingress, flow, expected) => {
    expect(isInterrupted(vpcWith(ingress), vpcWith(ingress, []), flow)).toBe(expected);
  });

  test('a flow whose answers were tracked, though everybody was let in: not', () => {
    const narrow = ['tcp 443 to 0.0.0.0/0'];
    expect(isInterrupted(vpcWith(['tcp 80 from 0.0.0.0/0'], narrow), vpcWith([], narrow), toServer)).toBe(
      false,
    );
  });

  test('an interface’s flows, when it gets other groups', () => {
    const before = vpcWith(['tcp 80 from 0.0.0.0/0']);
    const moved = { ...before, interfaces: [interfaceOf(0, { securityGroupIds: ['sg-other'] })] };
    expect(isInterrupted(before, moved, toServer)).toBe(true);
  });

  test('nothing, when nothing of them is changed', () => {
    const before = vpcWith(['tcp 80 from 0.0.0.0/0']);
    expect(interruptedFlows(before, { ...before, interfaces: [...before.interfaces] })).toBeUndefined();
  });
});
