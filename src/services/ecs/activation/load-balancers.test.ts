import type { LoadBalancer } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import type { StoredTaskDefinition } from '../records.ts';
import { container, openRoom, scope, taskDefinition } from '../testing/room.ts';
import { addTargetGroup } from '../testing/target-group.ts';
import { readLoadBalancers } from './load-balancers.ts';

const app = { containerName: 'app', containerPort: 80 };

async function read(
  networkMode: NonNullable<StoredTaskDefinition['networkMode']>,
  group: Parameters<typeof addTargetGroup>[2],
  asked: LoadBalancer = app,
  launchType: 'EC2' | 'EXTERNAL' = 'EC2',
) {
  await using room = await openRoom();
  const targetGroupArn = await room.write((tx) => addTargetGroup(tx, scope, group));
  const { definition } = taskDefinition({
    networkMode,
    containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
  });
  const exposed = { definition, launchType };
  const records = readLoadBalancers(room.ecs.state, scope, exposed, [{ targetGroupArn, ...asked }]);
  return { targetGroupArn, records };
}

describe('the load balancers of a service', () => {
  it('are target groups of type ip for awsvpc tasks', async () => {
    const { records, targetGroupArn } = await read('awsvpc', {});
    expect(records).toEqual([{ targetGroupArn, ...app }]);
  });

  it.each(['bridge', 'host'] as const)('are target groups of type instance for %s tasks', async (mode) => {
    const { records, targetGroupArn } = await read(mode, { targetType: 'instance' });
    expect(records).toEqual([{ targetGroupArn, ...app }]);
  });

  it.each(['UDP', 'TCP_UDP'] as const)('remember of instances that they are sent %s', async (protocol) => {
    const ofInstances = await read('bridge', { targetType: 'instance', type: 'network', protocol });
    expect(ofInstances.records).toMatchObject([{ ...app, transport: protocol }]);
    const ofAddresses = await read('awsvpc', { type: 'network', protocol });
    expect(ofAddresses.records).toEqual([{ targetGroupArn: ofAddresses.targetGroupArn, ...app }]);
  });

  it.each<[string, Parameters<typeof read>, RegExp]>([
    [
      'instances for awsvpc',
      ['awsvpc', { targetType: 'instance' }],
      /target type instance, which is incompatible with the awsvpc network mode/,
    ],
    [
      'addresses for bridge',
      ['bridge', {}],
      /target type ip, which is incompatible with the bridge network mode/,
    ],
    ['anything for none', ['none', {}], /which is incompatible with the none network mode/],
    [
      'a group that gets nothing',
      ['awsvpc', { isUsed: false }],
      /^The target group with targetGroupArn arn:\S+ does not have an associated load balancer\.$/,
    ],
    [
      'an unknown group',
      ['awsvpc', {}, { ...app, targetGroupArn: 'arn:x' }],
      /targetGroupArn arn:x does not exist/,
    ],
    [
      'an unknown container',
      ['awsvpc', {}, { ...app, containerName: 'x' }],
      /^The container x does not exist in the task definition\.$/,
    ],
    [
      'a port that it has not',
      ['awsvpc', {}, { ...app, containerPort: 81 }],
      /^The container app did not have a container port 81 defined\.$/,
    ],
    [
      'no container',
      ['awsvpc', {}, { containerPort: 80, containerName: undefined }],
      /Container name and container port can not be blank/,
    ],
    [
      'a Classic one',
      ['awsvpc', {}, { ...app, loadBalancerName: 'x' }],
      /loadBalancerName.* is not supported/,
    ],
    [
      'machines outside',
      ['awsvpc', {}, app, 'EXTERNAL'],
      /The launch type EXTERNAL does not support load balancers/,
    ],
  ])('refuse %s', async (_, args, words) => {
    await expect(read(...args)).rejects.toThrow(words);
  });

  it('are five at most, each of them once', async () => {
    await using room = await openRoom();
    const targetGroupArn = await room.write((tx) => addTargetGroup(tx, scope));
    const { definition } = taskDefinition({
      networkMode: 'awsvpc',
      containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
    });
    const asking = (count: number) =>
      readLoadBalancers(
        room.ecs.state,
        scope,
        { definition, launchType: 'EC2' },
        Array(count).fill({ targetGroupArn, ...app }),
      );
    expect(() => asking(6)).toThrow('can have at most 5 items');
    expect(() => asking(2)).toThrow('twice');
    expect(asking(0)).toBeUndefined();
  });
});
