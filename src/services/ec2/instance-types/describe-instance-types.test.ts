import type { Filter } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ec2Server, startEc2Server } from '../testing/ec2-server.ts';
import { allTypes } from './instance-types.ts';

let server: Ec2Server;
beforeEach(async () => {
  server = await startEc2Server();
});
afterEach(() => server[Symbol.asyncDispose]());

const filter = (Name: string, ...Values: string[]): Filter => ({ Name, Values });
const names = async (...Filters: Filter[]): Promise<readonly (string | undefined)[]> =>
  ((await server.ec2.describeInstanceTypes({ Filters })).InstanceTypes ?? []).map((it) => it.InstanceType);

describe('DescribeInstanceTypes', () => {
  it('tells what a node of the type has', async () => {
    const { InstanceTypes } = await server.ec2.describeInstanceTypes({
      InstanceTypes: ['m5.large', 't4g.small'],
    });
    expect(InstanceTypes).toMatchObject([
      {
        ...{ InstanceType: 'm5.large', Hypervisor: 'nitro', BurstablePerformanceSupported: false },
        VCpuInfo: { DefaultVCpus: 2, DefaultCores: 1, DefaultThreadsPerCore: 2 },
        MemoryInfo: { SizeInMiB: 8_192 },
        ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
        NetworkInfo: {
          ...{ MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10, MaximumNetworkCards: 1 },
          ...{ NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: 3 }], EnaSupport: 'required' },
        },
        InstanceStorageSupported: false,
      },
      {
        ...{ InstanceType: 't4g.small', BurstablePerformanceSupported: true },
        VCpuInfo: { DefaultVCpus: 2, DefaultCores: 2, DefaultThreadsPerCore: 1 },
        ProcessorInfo: { SupportedArchitectures: ['arm64'] },
      },
    ]);
  });

  it('is filtered by AWS’s names, which all have to match', async () => {
    const found = await names(
      filter('vcpu-info.default-vcpus', '2'),
      filter('memory-info.size-in-mib', '4096'),
      filter('processor-info.supported-architecture', 'x86_64'),
      filter('instance-type', 't*'),
    );
    expect(found).toEqual(['t2.medium', 't3.medium', 't3a.medium']);
    expect(await names(filter('bare-metal', 'true'))).toEqual(['m5.metal']);
    expect(await names(filter('hypervisor', 'xen'), filter('instance-storage-supported', 'true'))).toEqual([
      ...['i3.large', 'i3.xlarge'],
    ]);
    expect(await names(filter('free-tier-eligible', 'true'))).toEqual([]);
    await expect(names(filter('colour', 'blue'))).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('comes in pages of 100 at most, each type once', async () => {
    const all: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server.ec2.describeInstanceTypes({ NextToken });
      expect(page.InstanceTypes?.length).toBeLessThanOrEqual(100);
      all.push(...(page.InstanceTypes ?? []).map((it) => it.InstanceType));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(all).toEqual(
      allTypes()
        .map(({ name }) => name)
        .sort(),
    );
    const few = await server.ec2.describeInstanceTypes({ MaxResults: 5 });
    expect(few.InstanceTypes).toHaveLength(5);
    for (const MaxResults of [4, 101])
      await expect(server.ec2.describeInstanceTypes({ MaxResults })).rejects.toMatchObject({
        name: 'InvalidParameterValue',
      });
    await expect(
      server.ec2.describeInstanceTypes({ MaxResults: 5, InstanceTypes: ['m5.large'] }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  });

  it('knows no others', async () => {
    const asked = { InstanceTypes: ['m5.large', 'm5.huge', 't9.nano'] as never[] };
    await expect(server.ec2.describeInstanceTypes(asked)).rejects.toMatchObject({
      name: 'InvalidInstanceType',
      message: 'The following supplied instance types do not exist: [m5.huge, t9.nano]',
    });
  });
});

describe('DescribeInstanceTypeOfferings', () => {
  const offered = (input: Parameters<typeof server.ec2.describeInstanceTypeOfferings>[0]) =>
    server.ec2
      .describeInstanceTypeOfferings(input)
      .then(({ InstanceTypeOfferings = [] }) => InstanceTypeOfferings);

  it('has every type in every place of the region', async () => {
    const m5 = filter('instance-type', 'm5.large');
    expect(await offered({ Filters: [m5] })).toEqual([
      { InstanceType: 'm5.large', LocationType: 'region', Location: 'eu-west-1' },
    ]);
    const inZones = await offered({ LocationType: 'availability-zone', Filters: [m5] });
    expect(inZones.map(({ Location }) => Location)).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    const byId = await offered({
      ...{ LocationType: 'availability-zone-id', Filters: [m5, filter('location', 'euw1-az2')] },
    });
    expect(byId).toEqual([
      { InstanceType: 'm5.large', LocationType: 'availability-zone-id', Location: 'euw1-az2' },
    ]);
    expect(await offered({})).toHaveLength(allTypes().length);
  });

  it('refuses places that are none', async () => {
    await expect(offered({ LocationType: 'outpost' })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
    await expect(offered({ LocationType: 'planet' as never })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });
});
