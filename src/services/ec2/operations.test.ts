import { EC2 } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationTable } from '../service.ts';
import { type Ec2Server, startEc2Server } from './testing/ec2-server.ts';

let server: Ec2Server;
let operations: OperationTable;
beforeAll(async () => {
  server = await startEc2Server();
  operations = await server.room.service.loadOperations();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('every operation of EC2', () => {
  it('has an entry, and works or refuses by its name', () => {
    const names = Object.getOwnPropertyNames(EC2.prototype)
      .filter((name) => !/^(constructor|paginate|waitUntil)/.test(name))
      .map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(Object.keys(operations).sort()).toEqual(names.sort());
    for (const [name, entry] of Object.entries(operations)) {
      if ('refused' in entry)
        expect(entry.refused).toMatch(new RegExp(`^${name} is not supported .+: .+\\.$`));
      else expect(entry.action).toBe(`ec2:${name}`);
    }
  });

  it('is in one topic’s table alone', async () => {
    const tables = await Promise.all(
      [
        import('./refused/addresses.ts'),
        import('./refused/capacity.ts'),
        import('./refused/gateways.ts'),
        import('./refused/groups.ts'),
        import('./refused/images.ts'),
        import('./refused/instances.ts'),
        import('./refused/interfaces.ts'),
        import('./refused/storage.ts'),
        import('./refused/vpcs.ts'),
      ].map(async (table) => Object.values<object>(await table).flatMap((entries) => Object.keys(entries))),
    );
    const refused = tables.flat();
    expect(new Set(refused).size).toBe(refused.length);
    const refusing = Object.keys(operations).filter((name) => 'refused' in (operations[name] ?? {}));
    expect(refused.sort()).toEqual(refusing.sort());
  });
});

describe('DryRun', () => {
  it('says that it would have succeeded, and nothing happens', async () => {
    await expect(server.ec2.describeRegions({ DryRun: true })).rejects.toMatchObject({
      name: 'DryRunOperation',
      message: 'Request would have succeeded, but DryRun flag is set.',
      $metadata: { httpStatusCode: 412 },
    });
  });
});

describe('what is not built', () => {
  it('is refused by its name', async () => {
    await expect(server.ec2.describeTransitGateways({})).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message:
        'DescribeTransitGateways is not supported by this version of Catamaran yet: there are no transit gateways.',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('DescribeAvailabilityZones', () => {
  it('names three zones of the region', async () => {
    const { AvailabilityZones = [] } = await server.ec2.describeAvailabilityZones({});
    expect(AvailabilityZones.map(({ ZoneName, ZoneId }) => `${ZoneName} ${ZoneId}`)).toEqual([
      'eu-west-1a euw1-az1',
      'eu-west-1b euw1-az2',
      'eu-west-1c euw1-az3',
    ]);
    expect(AvailabilityZones[0]).toMatchObject({
      State: 'available',
      GroupName: 'eu-west-1-zg-1',
      GroupLongName: 'Europe (Ireland) 1',
      OptInStatus: 'opt-in-not-required',
    });
  });

  it('takes names, ids and filters', async () => {
    const { AvailabilityZones } = await server.in('ap-northeast-2').describeAvailabilityZones({
      ZoneNames: ['ap-northeast-2a', 'ap-northeast-2b'],
      Filters: [{ Name: 'zone-id', Values: ['apne2-az2', 'apne2-az3'] }],
    });
    expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['ap-northeast-2b']);
    await expect(server.ec2.describeAvailabilityZones({ ZoneNames: ['us-east-1a'] })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: 'Invalid availability zone: [us-east-1a]',
    });
  });
});

describe('DescribeRegions', () => {
  it('takes names and filters', async () => {
    const { Regions } = await server.ec2.describeRegions({
      RegionNames: ['us-east-1', 'eu-west-1'],
      Filters: [{ Name: 'endpoint', Values: ['*us*'] }],
    });
    expect(Regions).toEqual([
      {
        RegionName: 'us-east-1',
        Endpoint: 'ec2.us-east-1.amazonaws.com',
        OptInStatus: 'opt-in-not-required',
      },
    ]);
  });
});
