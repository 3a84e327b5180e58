import { describe, expect, test } from 'vitest';
import type { InterfaceTopology, RouteTopology, SecurityGroupTopology } from '../../topology/index.ts';
import { interfaceOf, rule, vpcOf } from '../../topology/testing/vpc.ts';
import { obstacleOf } from './obstacle.ts';

const group = (ingress: string, egress = 'all to 0.0.0.0/0', id = 'sg-open'): SecurityGroupTopology => ({
  id,
  ingress: ingress === '' ? [] : [rule(ingress)],
  egress: egress === '' ? [] : [rule(egress)],
});

const open = group('all from 0.0.0.0/0');

function obstacle(
  securityGroups: readonly SecurityGroupTopology[],
  changes: Partial<InterfaceTopology> = {},
): string | undefined {
  const eni = interfaceOf(0, changes);
  return obstacleOf(vpcOf({ securityGroups, interfaces: [eni] }), eni);
}

describe('an interface may be on a network of the Engine’s', () => {
  test.each([
    ['all from 0.0.0.0/0', 'all to 0.0.0.0/0', true],
    // Whoever reaches it there is of its subnet.
    ['all from 10.0.0.0/24', 'all to 0.0.0.0/0', true],
    ['all from 10.0.0.0/16', 'all to 0.0.0.0/0', true],
    ['all from 10.0.0.0/25', 'all to 0.0.0.0/0', false],
    ['all from 10.0.1.0/24', 'all to 0.0.0.0/0', false],
    ['tcp 0-65535 from 0.0.0.0/0', 'all to 0.0.0.0/0', false],
    // Others than its members can join the network.
    ['all from sg-open', 'all to 0.0.0.0/0', false],
    ['', 'all to 0.0.0.0/0', false],
    ['all from 0.0.0.0/0', 'all to 10.0.0.0/16', false],
    ['all from 0.0.0.0/0', 'tcp 443 to 0.0.0.0/0', false],
    ['all from 0.0.0.0/0', '', false],
  ])('with a security group of "%s" and "%s": %s', (ingress, egress, isAllowed) => {
    const found = obstacle([group(ingress, egress)]);
    if (isAllowed) expect(found).toBeUndefined();
    else expect(found).toMatch(/security groups are not enforced.*\(aws ec2 authorize-security-group-/);
  });

  test('when its groups together are open', () => {
    const groups = [group('', 'all to 0.0.0.0/0', 'sg-1'), group('all from 0.0.0.0/0', '', 'sg-2')];
    expect(obstacle(groups, { securityGroupIds: ['sg-1', 'sg-2'] })).toBeUndefined();
    expect(obstacle(groups, { securityGroupIds: ['sg-1'] })).toMatch(/security groups/);
  });

  test('without a public address', () => {
    const publicAddresses = [{ privateIpv4: '10.0.0.4', publicIpv4: '198.18.0.1' }];
    expect(obstacle([open], { publicAddresses })).toMatch(
      /the public address 198\.18\.0\.1 would lead nowhere.* \(assignPublicIp=DISABLED\)/,
    );
  });

  test.each<[string, readonly RouteTopology[], boolean]>([
    ['nowhere', [], false],
    ['to an internet gateway', [to('0.0.0.0/0', { type: 'internet-gateway' })], true],
    ['to a NAT gateway', [to('0.0.0.0/0', { type: 'nat-gateway', id: 'nat-1' })], true],
    ['to a part of the world', [to('192.0.2.0/24', { type: 'internet-gateway' })], false],
    ['nowhere any more', [to('0.0.0.0/0', { type: 'blackhole' })], false],
    [
      'elsewhere, too',
      [
        to('0.0.0.0/0', { type: 'internet-gateway' }),
        to('192.0.2.0/24', { type: 'network-interface', id: 'eni-1' }),
      ],
      false,
    ],
  ])('in a subnet that leads %s', (_, routes, isAllowed) => {
    const eni = interfaceOf(0);
    const local = to('10.0.0.0/16', { type: 'local' });
    const routeTables = [{ id: 'rtb-public', routes: [local, ...routes] }];
    const found = obstacleOf(vpcOf({ securityGroups: [open], interfaces: [eni], routeTables }), eni);
    if (isAllowed) expect(found).toBeUndefined();
    else
      expect(found).toMatch(
        /routes are not enforced.* rtb-public of subnet-public has to lead 0\.0\.0\.0\/0/,
      );
  });
});

function to(destination: string, target: RouteTopology['target']): RouteTopology {
  return { destination, target };
}
