import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Attachment, type EnginePlace, NetworkError, type Placing } from '../network/index.ts';
import type { AcsTask } from '../protocols/index.ts';
import type { EnginePlaces, InterfacePlaces } from './agent-options.ts';
import { TestInstance } from './testing/test-instance.ts';

let instance: TestInstance;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(async () => {
  await instance[Symbol.asyncDispose]();
});

/** Where interfaces are, as a machine's network would have them. */
class Places implements InterfacePlaces {
  readonly namespaces = new Map<string, string>();
  failure: Error | undefined;

  async attach({ interfaceId, netnsPath }: Attachment): Promise<void> {
    if (this.failure) throw this.failure;
    this.namespaces.set(interfaceId, netnsPath);
  }

  async detach(interfaceId: string): Promise<void> {
    this.namespaces.delete(interfaceId);
  }
}

/** Networks of the engine's, as a machine without VPCs has them. */
class Networks implements EnginePlaces {
  readonly placed = new Map<string, Placing>();
  refusal: string | undefined;

  async place(placing: Placing): Promise<EnginePlace> {
    if (this.refusal !== undefined) throw new NetworkError(this.refusal);
    this.placed.set(placing.interfaceId, placing);
    return {
      network: { name: 'catamaran-subnet-1', cidr: '10.0.1.0/24', gateway: '10.0.1.1' },
      absentNameServers: ['10.0.0.2'],
    };
  }

  leave(interfaceId: string): void {
    this.placed.delete(interfaceId);
  }
}

function awsvpcTask(): AcsTask {
  return {
    ...instance.task({ name: 'app' }),
    networkMode: 'awsvpc',
    elasticNetworkInterfaces: [
      {
        ...{ attachmentArn: 'arn:attachment', ec2Id: 'eni-1', macAddress: '02:00:00:00:00:01' },
        ipv4Addresses: [{ privateAddress: '10.0.1.7', primary: true }],
        ...{ subnetGatewayIpv4Address: '10.0.1.1/24', privateDnsName: 'ip-10-0-1-7.ec2.internal' },
        domainNameServers: ['10.0.0.2', '192.0.2.53'],
      },
    ],
  };
}

describe('a task’s network interface', () => {
  test('is put into its sandbox before its containers run, and taken back when they have ended', async () => {
    const network = new Places();
    await instance.start({ network });
    const task = awsvpcTask();
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'RUNNING');
    expect([...network.namespaces]).toEqual([['eni-1', expect.stringMatching(/\/ns\/net$/)]]);
    instance.plane.want({ ...task, desiredStatus: 'STOPPED' });
    await instance.untilStatus(task.arn, 'STOPPED');
    expect(network.namespaces.size).toBe(0);
  });

  test('is put there again by an agent that finds the task running', async () => {
    const first = new Places();
    const agent = await instance.start({ network: first });
    const task = awsvpcTask();
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'RUNNING');
    await agent.close();
    const second = new Places();
    await instance.start({ network: second });
    await instance.until('attached again', () => second.namespaces.size === 1);
    expect(second.namespaces).toEqual(first.namespaces);
  });

  test('that cannot be had stops the task, with the reason', async () => {
    const network = new Places();
    network.failure = new NetworkError('Cannot put eni-1 into the task: no buffer space');
    await instance.start({ network });
    const task = awsvpcTask();
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'STOPPED');
    const reasons = instance.plane.submissions.map(({ reason }) => reason);
    expect(reasons).toContain('ContainerNetworkingError: Cannot put eni-1 into the task: no buffer space');
  });

  test('finds the task’s metadata near by', async () => {
    await instance.start({ network: new Places(), metadata: { host: '127.0.0.1', port: 0 } });
    const task = awsvpcTask();
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'RUNNING');
    const { env } = instance.machine.container(task.arn, 'app').spec;
    expect(env.ECS_CONTAINER_METADATA_URI_V4).toMatch(/^http:\/\/169\.254\.170\.2\/v4\/[0-9a-f]{32}$/);
  });
});

describe('on a machine without VPCs, a task’s network interface', () => {
  test('is on the network of the engine’s that it is told, which it leaves when it has ended', async () => {
    const engineNetworks = new Networks();
    await instance.start({ engineNetworks });
    const task = awsvpcTask();
    instance.plane.want(task);
    await instance.untilStatus(task.arn, 'RUNNING');
    const { sandboxId } = instance.machine.container(task.arn, 'app').spec;
    expect(instance.machine.engine.sandboxSpec(sandboxId)).toMatchObject({
      network: { mode: 'private', network: { name: 'catamaran-subnet-1' }, ipv4: '10.0.1.7' },
      dns: { servers: ['192.0.2.53'] },
    });
    expect([...engineNetworks.placed.keys()]).toEqual(['eni-1']);
    instance.plane.want({ ...task, desiredStatus: 'STOPPED' });
    await instance.untilStatus(task.arn, 'STOPPED');
    expect(engineNetworks.placed.size).toBe(0);
  });

  test('that it can’t have, or may not have any more, stops it with the reason', async () => {
    const engineNetworks = new Networks();
    const agent = await instance.start({ engineNetworks });
    const [first, second, third] = [awsvpcTask(), awsvpcTask(), awsvpcTask()];
    engineNetworks.refusal = 'sg-1 is not open';
    instance.plane.want(first);
    await instance.untilStatus(first.arn, 'STOPPED');
    engineNetworks.refusal = undefined;
    instance.plane.want(second);
    await instance.untilStatus(second.arn, 'RUNNING');
    engineNetworks.placed.get('eni-1')?.onLoss('sg-2 is not open any more');
    await instance.untilStatus(second.arn, 'STOPPED');
    instance.plane.want(third);
    await instance.untilStatus(third.arn, 'RUNNING');
    await agent.close();
    engineNetworks.refusal = 'sg-3 is not open any more';
    await instance.start({ engineNetworks });
    await instance.untilStatus(third.arn, 'STOPPED');
    const reasons = instance.plane.submissions.map(({ reason }) => reason);
    for (const reason of ['sg-1 is not open', 'sg-2 is not open any more', 'sg-3 is not open any more'])
      expect(reasons).toContain(`ContainerNetworkingError: ${reason}`);
  });
});
