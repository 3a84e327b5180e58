import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type Ec2Server, startEc2Server } from '../testing/ec2-server.ts';

let server: Ec2Server;
let vpcId: string;
let ruleId: string;
beforeEach(async () => {
  server = await startEc2Server();
  const { Vpc } = await server.ec2.createVpc({ CidrBlock: '10.0.0.0/16' });
  vpcId = Vpc?.VpcId ?? '';
  const { SecurityGroupRules } = await server.ec2.describeSecurityGroupRules({});
  ruleId = SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '';
});
afterEach(() => server[Symbol.asyncDispose]());

const told = async (filters: Readonly<Record<string, string>> = {}) => {
  const Filters = Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] }));
  const { Tags = [] } = await server.ec2.describeTags({ Filters });
  return Tags.map((it) => `${it.ResourceType} ${it.Key}=${it.Value}`).sort();
};
const tag = (Resources: string[], ...tags: readonly (readonly [string, string])[]) =>
  server.ec2.createTags({ Resources, Tags: tags.map(([Key, Value]) => ({ Key, Value })) });

describe('tags', () => {
  it('are written over, told by DescribeTags, and deleted by key or by key and value', async () => {
    await tag([vpcId, ruleId], ['Name', 'one'], ['pier', 'north']);
    await tag([vpcId], ['Name', 'two']);
    expect(await told()).toEqual([
      'security-group-rule Name=one',
      'security-group-rule pier=north',
      'vpc Name=two',
      'vpc pier=north',
    ]);
    expect(await told({ 'resource-type': 'vpc', value: 't*' })).toEqual(['vpc Name=two']);
    expect(await told({ 'tag:pier': 'north', 'resource-id': vpcId })).toEqual(['vpc pier=north']);
    const { Vpcs } = await server.ec2.describeVpcs({ Filters: [{ Name: 'tag:Name', Values: ['two'] }] });
    expect(Vpcs?.map(({ VpcId }) => VpcId)).toEqual([vpcId]);
    await server.ec2.deleteTags({
      Resources: [vpcId],
      Tags: [{ Key: 'Name', Value: 'one' }, { Key: 'pier' }],
    });
    expect(await told({ 'resource-type': 'vpc' })).toEqual(['vpc Name=two']);
    await server.ec2.deleteTags({ Resources: [vpcId, ruleId] });
    expect(await told()).toEqual([]);
  });

  test.each([
    [
      [['aws:x', 'y']],
      'InvalidParameterValue',
      "Tag keys starting with 'aws:' are reserved for internal use",
    ],
    [[['', 'y']], 'InvalidParameterValue', 'Tag key cannot be empty'],
    [
      [['k'.repeat(128), 'y']],
      'InvalidParameterValue',
      'Tag key exceeds the maximum length of 127 characters',
    ],
    [
      [['k', 'v'.repeat(257)]],
      'InvalidParameterValue',
      'Tag value exceeds the maximum length of 256 characters',
    ],
    [
      [
        ['k', 'a'],
        ['k', 'b'],
      ],
      'InvalidParameterValue',
      "Duplicate tag key 'k' specified.",
    ],
    [[], 'MissingParameter', 'The request must contain the parameter Tags'],
  ] as const)('%j are refused: %s', async (tags, name, message) => {
    await expect(tag([vpcId], ...tags)).rejects.toMatchObject({ name, message });
  });

  it('are of what is there, of all that are named or of none, and fifty at most', async () => {
    const gone = 'subnet-00000000000000000';
    await expect(tag([vpcId, gone], ['k', 'v'])).rejects.toMatchObject({ name: 'InvalidSubnetID.NotFound' });
    await expect(tag(['boat-1'], ['k', 'v'])).rejects.toMatchObject({
      name: 'InvalidID',
      message: "The ID 'boat-1' is not valid",
    });
    expect(await told()).toEqual([]);
    const fifty = Array.from({ length: 50 }, (_, place) => [`k${place}`, ''] as const);
    await tag([vpcId], ...fifty);
    await expect(tag([vpcId], ['one more', ''])).rejects.toMatchObject({ name: 'TagLimitExceeded' });
  });
});

describe('DHCP options', () => {
  it('are made, given to a VPC, and kept while it has them', async () => {
    const { ec2 } = server;
    const { DhcpOptions } = await ec2.createDhcpOptions({
      DhcpConfigurations: [
        { Key: 'domain-name', Values: ['harbor.example'] },
        { Key: 'domain-name-servers', Values: ['10.0.0.5,10.0.0.6'] },
      ],
    });
    const DhcpOptionsId = DhcpOptions?.DhcpOptionsId ?? '';
    expect(DhcpOptions?.DhcpConfigurations).toEqual([
      { Key: 'domain-name', Values: [{ Value: 'harbor.example' }] },
      { Key: 'domain-name-servers', Values: [{ Value: '10.0.0.5' }, { Value: '10.0.0.6' }] },
    ]);
    await ec2.associateDhcpOptions({ DhcpOptionsId, VpcId: vpcId });
    const { Vpcs } = await ec2.describeVpcs({
      Filters: [{ Name: 'dhcp-options-id', Values: [DhcpOptionsId] }],
    });
    expect(Vpcs?.map(({ VpcId }) => VpcId)).toEqual([vpcId]);
    await expect(ec2.deleteDhcpOptions({ DhcpOptionsId })).rejects.toMatchObject({
      name: 'DependencyViolation',
      message: `The dhcpOptions '${DhcpOptionsId}' has dependencies and cannot be deleted.`,
    });
    await ec2.associateDhcpOptions({ DhcpOptionsId: 'default', VpcId: vpcId });
    await ec2.deleteDhcpOptions({ DhcpOptionsId });
    await expect(ec2.describeDhcpOptions({ DhcpOptionsIds: [DhcpOptionsId] })).rejects.toMatchObject({
      name: 'InvalidDhcpOptionID.NotFound',
    });
    const { DhcpOptions: rest } = await ec2.describeDhcpOptions({});
    expect(rest?.[0]?.DhcpConfigurations).toContainEqual({
      ...{ Key: 'domain-name', Values: [{ Value: 'eu-west-1.compute.internal' }] },
    });
  });

  test.each([
    [{ Key: 'boats', Values: ['1'] }, 'InvalidParameterValue'],
    [{ Key: 'domain-name', Values: ['a', 'b'] }, 'InvalidParameterValue'],
    [
      { Key: 'ntp-servers', Values: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4', '5.5.5.5'] },
      'InvalidParameterValue',
    ],
    [{ Key: 'domain-name-servers', Values: ['time.example'] }, 'InvalidParameterValue'],
    [{ Key: 'netbios-node-type', Values: ['3'] }, 'InvalidParameterValue'],
    [{ Key: 'ipv6-address-preferred-lease-time', Values: ['60'] }, 'UnsupportedOperation'],
  ])('%j is refused', async (configuration, name) => {
    await expect(server.ec2.createDhcpOptions({ DhcpConfigurations: [configuration] })).rejects.toMatchObject(
      { name },
    );
  });
});
