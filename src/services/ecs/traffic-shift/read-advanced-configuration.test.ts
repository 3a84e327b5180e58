import type { AdvancedConfiguration, LoadBalancer } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { readLoadBalancers } from '../activation/load-balancers.ts';
import { container, openRoom, scope, taskDefinition } from '../testing/room.ts';
import { addTargetGroup, addTrafficRules } from '../testing/target-group.ts';
import { weightsOf } from './routes.ts';

const arnOf = (resource: string): string =>
  `arn:aws:elasticloadbalancing:${scope.region}:${scope.accountId}:${resource}`;
const group = (id: number): string => arnOf(`targetgroup/web/000000000000000${id}`);
const roleArn = 'arn:aws:iam::123456789012:role/shifter';

type Change = Partial<AdvancedConfiguration & Pick<LoadBalancer, 'targetGroupArn'>> | undefined;

/** Two pairs of groups, the first with its rules. */
async function read(...changes: readonly Change[]) {
  await using room = await openRoom();
  const rules = await room.write((tx) => {
    for (const id of ['1', '2', '3', '4']) addTargetGroup(tx, scope, { id: `000000000000000${id}` });
    return addTrafficRules(tx, scope, [group(1), group(2)]);
  });
  const asked = changes.map((change, place): LoadBalancer => {
    const { targetGroupArn = group(1 + 2 * place), ...rest } = change ?? {};
    const advanced = { alternateTargetGroupArn: group(2), ...rules, roleArn, ...rest };
    return {
      ...{ targetGroupArn, containerName: 'app', containerPort: 80 },
      ...(change && { advancedConfiguration: advanced }),
    };
  });
  const { definition } = taskDefinition({
    networkMode: 'awsvpc',
    containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
  });
  return readLoadBalancers(room.ecs.state, scope, { definition, launchType: 'EC2' }, asked);
}

const listener = arnOf('listener/app/web/b000000000000001/c000000000000001');
const rule = (id: string): string => `${listener.replace(':listener/', ':listener-rule/')}/${id}`;

describe('advancedConfiguration of a service', () => {
  it('names the other group, the rules and the role', async () => {
    expect(await read({})).toMatchObject([
      { advancedConfiguration: { alternateTargetGroupArn: group(2), roleArn } },
    ]);
  });

  it.each<[string, Change[], string | RegExp]>([
    ['no other group', [{ alternateTargetGroupArn: '' }], /^alternateTargetGroupArn can not be blank/],
    ['an unknown group', [{ alternateTargetGroupArn: group(9) }], /does not exist/],
    [
      'a listener',
      [{ productionListenerRule: listener }],
      `productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: ${listener}`,
    ],
    [
      "a network load balancer's listener that is not there",
      [{ productionListenerRule: listener.replace('/app/', '/net/') }],
      /^The productionListenerRule arn:\S+ does not exist/,
    ],
    [
      'an unknown rule',
      [{ testListenerRule: rule('d000000000000009') }],
      /testListenerRule .* does not exist/,
    ],
    [
      'one rule for both',
      [{ testListenerRule: rule('d000000000000002') }],
      `The following rules cannot be used as both production and test listener rules: ${rule('d000000000000002')}`,
    ],
    [
      'a group that no rule leads to',
      [{ alternateTargetGroupArn: group(3) }],
      `Target group ${group(3)} is not associated with either productionListenerRule or testListenerRule.`,
    ],
    [
      'a rule that leads to one group only',
      [{ alternateTargetGroupArn: group(3), testListenerRule: undefined }],
      /^For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated/,
    ],
    ['a group twice', [{ alternateTargetGroupArn: group(1) }], `Duplicate targetGroupArn found: ${group(1)}`],
    ['one of two', [{}, undefined], /^Either all or none of the provided loadBalancers must have/],
    ['a role by its name', [{ roleArn: 'shifter' }], /^roleArn has an invalid ARN format/],
  ])('refuses %s', async (_, changes, message) => {
    await expect(read(...changes)).rejects.toThrow(message);
  });
});

describe('weights of a rule', () => {
  const pair = { targetGroupArn: 'a', alternateTargetGroupArn: 'b' };
  it.each([
    [0, [0, 100]],
    [40, [40, 60]],
    [0.1, [1, 999]],
    [99.9, [999, 1]],
    [100, [100, 0]],
  ])('say %s percent exactly', (percent, weights) => {
    expect(weightsOf({ ...pair, own: 'a' }, percent).map(({ weight }) => weight)).toEqual(weights);
    expect(weightsOf({ ...pair, own: 'b' }, percent).map(({ weight }) => weight)).toEqual(
      weights.toReversed(),
    );
  });
});
