import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { terminateInstance } from '../index.ts';
import { type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { addInstance } from '../testing/instances.ts';
import { instances } from './instance-record.ts';

let server: Ec2Server;
beforeEach(async () => {
  server = await startEc2Server();
});
afterEach(() => server[Symbol.asyncDispose]());

const facts = {
  address: '127.0.0.1',
  availabilityZone: 'eu-west-1a',
  architecture: 'x86_64',
  ownTcpPorts: [],
};

const register = (more: Partial<typeof facts> & { readonly machineId?: string } = {}): Promise<string> =>
  server.state.transact((tx) => addInstance(tx, server, { ...facts, ...more }));

const terminate = (id: string): Promise<void> =>
  server.state.transact((tx) => terminateInstance(tx, scope, id, server.clock.now()));

/** Those that a filter lets through. */
async function found(Name: string, ...Values: string[]): Promise<readonly (string | undefined)[]> {
  const { Reservations = [] } = await server.ec2.describeInstances({ Filters: [{ Name, Values }] });
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}

describe('an instance', () => {
  it('runs from its registration on, in a reservation of its own', async () => {
    const id = await register();
    const { Reservations } = await server.ec2.describeInstances({ InstanceIds: [id] });
    expect(Reservations).toMatchObject([
      {
        ReservationId: expect.stringMatching(/^r-[0-9a-f]{17}$/),
        OwnerId: scope.accountId,
        Instances: [
          {
            InstanceId: id,
            State: { Code: 16, Name: 'running' },
            PrivateIpAddress: '127.0.0.1',
            Placement: { AvailabilityZone: 'eu-west-1a', Tenancy: 'default' },
            Architecture: 'x86_64',
          },
        ],
      },
    ]);
    expect(Reservations?.[0]?.Instances?.[0]).not.toHaveProperty('VpcId');
  });

  it('is shown terminated for an hour, and then forgotten', async () => {
    const id = await register();
    await terminate(id);
    const { Reservations } = await server.ec2.describeInstances({ InstanceIds: [id] });
    const [instance] = Reservations?.[0]?.Instances ?? [];
    expect(instance).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
    });
    expect(instance).not.toHaveProperty('PrivateIpAddress');
    await server.clock.advance(3_599_000);
    await server.reconcilers.idle();
    const kept = () => [...server.state.list(instances)].map(({ value }) => value.id);
    expect(kept()).toEqual([id]);
    await server.clock.advance(2_000);
    await server.reconcilers.idle();
    expect(kept()).toEqual([]);
  });

  it('carries tags, is filtered and paged', async () => {
    const one = await register();
    const other = await register({ address: '127.0.0.2', availabilityZone: 'eu-west-1b' });
    const gone = await register();
    await terminate(gone);
    await server.ec2.createTags({ Resources: [one], Tags: [{ Key: 'Name', Value: 'first' }] });
    const cases: readonly [string, string, readonly string[]][] = [
      ['tag:Name', 'first', [one]],
      ['availability-zone', 'eu-west-1b', [other]],
      ['availability-zone-id', 'euw1-az1', [one, gone].sort()],
      ['private-ip-address', '127.0.0.*', [one, other].sort()],
      ['instance-state-name', 'running', [one, other].sort()],
      ['instance-state-code', '48', [gone]],
      ['instance-id', one, [one]],
      ['architecture', 'arm64', []],
      ['vpc-id', '*', []],
    ];
    for (const [name, value, expected] of cases)
      expect([name, await found(name, value)]).toEqual([name, expected]);
    await expect(found('colour', 'red')).rejects.toThrow("The filter 'colour' is invalid");
    for (let made = 0; made < 4; made += 1) await register();
    const first = await server.ec2.describeInstances({ MaxResults: 5 });
    const second = await server.ec2.describeInstances({ MaxResults: 5, NextToken: first.NextToken });
    expect([first.Reservations?.length, second.Reservations?.length, second.NextToken]).toEqual([
      5,
      2,
      undefined,
    ]);
    await expect(server.ec2.describeInstances({ MaxResults: 5, InstanceIds: [one] })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
    const nobody = 'i-0123456789abcdef0';
    await expect(server.ec2.describeInstances({ InstanceIds: [nobody] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${nobody}' does not exist`,
    });
    await expect(server.ec2.describeInstances({ InstanceIds: ['one'] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.Malformed',
    });
  });

  it('is none that EC2 makes, stops or changes', async () => {
    const id = await register();
    const InstanceIds = [id];
    const refusal = /instances are the machines of the installation/;
    await expect(server.ec2.runInstances({ ImageId: 'ami-1', MinCount: 1, MaxCount: 1 })).rejects.toThrow(
      refusal,
    );
    await expect(server.ec2.terminateInstances({ InstanceIds })).rejects.toThrow(refusal);
    const { AllocationId } = await server.ec2.allocateAddress({});
    await expect(server.ec2.associateAddress({ AllocationId, InstanceId: id })).rejects.toThrow(
      'Elastic IP addresses of a machine itself',
    );
  });
});
