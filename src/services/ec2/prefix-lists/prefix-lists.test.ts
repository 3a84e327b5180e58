import type { EC2 } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ec2Key, prefixListVersions } from '../records.ts';
import { accountId, type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putVpc } from '../testing/networks.ts';

let server: Ec2Server;
let ec2: EC2;
let VpcId: string;
beforeEach(async () => {
  server = await startEc2Server();
  ec2 = server.ec2;
  VpcId = await putVpc(server.state, scope, 1);
});
afterEach(() => server[Symbol.asyncDispose]());

const create = (more: object = {}) =>
  ec2.createManagedPrefixList({ PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 5, ...more });
const make = async (more: object = {}) => (await create(more)).PrefixList?.PrefixListId ?? '';
const blocks = (...cidrs: string[]) => cidrs.map((Cidr) => ({ Cidr }));
const change = (PrefixListId: string, CurrentVersion: number | undefined, more: object) =>
  ec2.modifyManagedPrefixList({
    PrefixListId,
    ...(CurrentVersion !== undefined && { CurrentVersion }),
    ...more,
  });
const shown = async (id: string) =>
  (await ec2.describeManagedPrefixLists({ PrefixListIds: [id] })).PrefixLists?.[0];
const entries = async (PrefixListId: string, TargetVersion?: number) =>
  (
    await ec2.getManagedPrefixListEntries({
      PrefixListId,
      ...(TargetVersion !== undefined && { TargetVersion }),
    })
  ).Entries;
const makeGroup = async (GroupName: string) =>
  (await ec2.createSecurityGroup({ GroupName, Description: 'd', VpcId })).GroupId ?? '';
const allow = (GroupId: string, PrefixListId: string) => ({
  GroupId,
  IpPermissions: [{ IpProtocol: '-1', PrefixListIds: [{ PrefixListId }] }],
});

describe('CreateManagedPrefixList', () => {
  it('makes a list with its entries', async () => {
    const { PrefixList } = await create({
      Entries: [{ Cidr: '10.1.2.3/16', Description: 'the quay' }, { Cidr: '10.0.0.0/16' }],
      TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    const id = PrefixList?.PrefixListId ?? '';
    expect(PrefixList).toEqual({
      ...{ PrefixListId: expect.stringMatching(/^pl-[0-9a-f]{17}$/), PrefixListName: 'offices' },
      ...{ AddressFamily: 'IPv4', MaxEntries: 5, Version: 1, OwnerId: accountId, State: 'create-complete' },
      PrefixListArn: `arn:aws:ec2:${region}:${accountId}:prefix-list/${id}`,
      Tags: [{ Key: 'Pier', Value: 'nine' }],
    });
    expect(await shown(id)).toEqual(PrefixList);
    expect(await entries(id)).toEqual([
      { Cidr: '10.0.0.0/16' },
      { Cidr: '10.1.0.0/16', Description: 'the quay' },
    ]);
    const ipv6 = await make({ AddressFamily: 'IPv6', Entries: blocks('2001:DB8::1/32') });
    expect(await entries(ipv6)).toEqual([{ Cidr: '2001:db8::/32' }]);
  });

  it.each([
    [{ PrefixListName: 'com.amazonaws.x' }, 'InvalidParameterValue'],
    [{ AddressFamily: 'IPv5' }, 'InvalidParameterValue'],
    [{ MaxEntries: 0 }, 'InvalidParameterValue'],
    [{ MaxEntries: 1001 }, 'InvalidParameterValue'],
    [{ Entries: blocks('::/0') }, 'InvalidParameterValue'],
    [{ Entries: blocks('10.0.0.0/8', '10.0.0.0/8') }, 'InvalidParameterValue'],
    [{ MaxEntries: 1, Entries: blocks('10.0.0.0/8', '11.0.0.0/8') }, 'PrefixListMaxEntriesExceeded'],
    [
      { MaxEntries: 200, Entries: blocks(...Array.from({ length: 101 }, (_, at) => `10.0.${at}.0/24`)) },
      'InvalidParameterValue',
    ],
  ])('refuses %o', async (bent, name) => {
    await expect(create(bent)).rejects.toMatchObject({ name });
    expect((await ec2.describeManagedPrefixLists({})).PrefixLists).toEqual([]);
  });
});

describe('a client token of CreateManagedPrefixList', () => {
  it('makes one list, however often it comes, until that is deleted', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => make({ ClientToken: 'oak' })));
    expect(new Set(made).size).toBe(1);
    await expect(make({ ClientToken: 'oak', MaxEntries: 6 })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
    await ec2.deleteManagedPrefixList({ PrefixListId: made[0] });
    expect(await make({ ClientToken: 'oak', MaxEntries: 6 })).not.toBe(made[0]);
  });
});

describe('ModifyManagedPrefixList', () => {
  it('changes entries as the next version of those that it is told of', async () => {
    const id = await make({ Entries: blocks('10.0.0.0/16', '10.1.0.0/16') });
    const { PrefixList } = await change(id, 1, {
      ...{ AddEntries: blocks('10.2.0.0/16'), RemoveEntries: blocks('10.0.0.0/16'), PrefixListName: 'homes' },
    });
    expect(PrefixList).toMatchObject({ Version: 2, State: 'modify-complete', PrefixListName: 'homes' });
    expect(await entries(id)).toEqual(blocks('10.1.0.0/16', '10.2.0.0/16'));
    expect(await entries(id, 1)).toEqual(blocks('10.0.0.0/16', '10.1.0.0/16'));
    await expect(change(id, 1, { AddEntries: blocks('10.3.0.0/16') })).rejects.toMatchObject({
      name: 'PrefixListVersionMismatch',
      message: 'The prefix list has the incorrect version number.',
    });
    await expect(change(id, undefined, { AddEntries: blocks('10.3.0.0/16') })).rejects.toMatchObject({
      name: 'MissingParameter',
    });
    await expect(entries(id, 7)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('lets one of many win who know the same version', async () => {
    const id = await make({ MaxEntries: 20 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => change(id, 1, { AddEntries: blocks(`10.${at}.0.0/16`) })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await entries(id)).toHaveLength(1);
  });

  it('refuses entries that are there or are not, and too many', async () => {
    const id = await make({ Entries: blocks('10.0.0.0/16'), MaxEntries: 1 });
    await expect(change(id, 1, { AddEntries: blocks('10.0.0.0/16') })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(change(id, 1, { RemoveEntries: blocks('10.1.0.0/16') })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(change(id, 1, { AddEntries: blocks('10.1.0.0/16') })).rejects.toMatchObject({
      name: 'PrefixListMaxEntriesExceeded',
    });
    await expect(change(id, 1, { AddEntries: blocks('10.1.0.0/16'), MaxEntries: 9 })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
      message:
        'You cannot modify the entries and the maximum entries for the prefix list in the same request.',
    });
    await expect(change(id, undefined, {})).rejects.toMatchObject({ name: 'MissingParameter' });
    expect(await shown(id)).toMatchObject({ Version: 1, State: 'create-complete' });
  });

  it('changes the size where what names the list has room for it', async () => {
    const id = await make({ Entries: blocks('10.0.0.0/16', '10.1.0.0/16') });
    await ec2.authorizeSecurityGroupIngress(allow(await makeGroup('web'), id));
    expect((await change(id, undefined, { MaxEntries: 60 })).PrefixList).toMatchObject({
      MaxEntries: 60,
      Version: 1,
    });
    await expect(change(id, undefined, { MaxEntries: 61 })).rejects.toMatchObject({
      name: 'RulesPerSecurityGroupLimitExceeded',
    });
    await expect(change(id, undefined, { MaxEntries: 1 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    const { RouteTable } = await ec2.createRouteTable({ VpcId });
    const { InternetGateway } = await ec2.createInternetGateway({});
    const { InternetGatewayId = '' } = InternetGateway ?? {};
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    const routed = await make();
    await ec2.createRoute({
      ...{ RouteTableId: RouteTable?.RouteTableId, DestinationPrefixListId: routed },
      GatewayId: InternetGatewayId,
    });
    await expect(change(routed, undefined, { MaxEntries: 51 })).rejects.toMatchObject({
      name: 'RouteLimitExceeded',
    });
    expect(await shown(routed)).toMatchObject({ MaxEntries: 5 });
  });
});

describe('RestoreManagedPrefixListVersion', () => {
  it('makes earlier entries the next version', async () => {
    const PrefixListId = await make({ Entries: blocks('10.0.0.0/16', '10.1.0.0/16') });
    await change(PrefixListId, 1, { RemoveEntries: blocks('10.0.0.0/16', '10.1.0.0/16') });
    const restore = (PreviousVersion: number, CurrentVersion: number) =>
      ec2.restoreManagedPrefixListVersion({ PrefixListId, PreviousVersion, CurrentVersion });
    await expect(restore(1, 1)).rejects.toMatchObject({ name: 'PrefixListVersionMismatch' });
    await expect(restore(9, 2)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    expect((await restore(1, 2)).PrefixList).toMatchObject({ Version: 3, State: 'restore-complete' });
    expect(await entries(PrefixListId)).toEqual(blocks('10.0.0.0/16', '10.1.0.0/16'));
  });
});

describe('DeleteManagedPrefixList', () => {
  it('deletes with its versions what nothing names', async () => {
    const PrefixListId = await make({ Entries: blocks('10.0.0.0/16') });
    await change(PrefixListId, 1, { AddEntries: blocks('10.1.0.0/16') });
    const GroupId = await makeGroup('web');
    await ec2.authorizeSecurityGroupIngress(allow(GroupId, PrefixListId));
    expect((await ec2.getManagedPrefixListAssociations({ PrefixListId })).PrefixListAssociations).toEqual([
      { ResourceId: GroupId, ResourceOwner: accountId },
    ]);
    await expect(ec2.deleteManagedPrefixList({ PrefixListId })).rejects.toMatchObject({
      name: 'DependencyViolation',
    });
    await ec2.revokeSecurityGroupIngress(allow(GroupId, PrefixListId));
    expect((await ec2.deleteManagedPrefixList({ PrefixListId })).PrefixList).toMatchObject({
      State: 'delete-complete',
    });
    await expect(shown(PrefixListId)).rejects.toMatchObject({
      name: 'InvalidPrefixListID.NotFound',
      message: `The prefix list ID '${PrefixListId}' does not exist`,
    });
    expect(
      server.state.get(prefixListVersions, ec2Key(prefixListVersions, scope, PrefixListId, '1')),
    ).toBeUndefined();
  });

  it('and a rule that comes to name it never miss each other', async () => {
    for (let round = 0; round < 10; round++) {
      const PrefixListId = await make();
      const GroupId = await makeGroup(`g${round}`);
      const [authorized, deleted] = await Promise.allSettled([
        ec2.authorizeSecurityGroupIngress(allow(GroupId, PrefixListId)),
        ec2.deleteManagedPrefixList({ PrefixListId }),
      ]);
      expect([authorized.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });
});

describe('DescribeManagedPrefixLists and DescribePrefixLists', () => {
  it('find the account’s lists by their filters, and none of AWS’s', async () => {
    const id = await make();
    await make({ PrefixListName: 'homes' });
    const by = async (Name: string, ...Values: string[]) =>
      (await ec2.describeManagedPrefixLists({ Filters: [{ Name, Values }] })).PrefixLists?.map(
        (list) => list.PrefixListName,
      );
    expect(await by('prefix-list-id', id)).toEqual(['offices']);
    expect(await by('prefix-list-name', 'h*')).toEqual(['homes']);
    expect(await by('owner-id', accountId)).toHaveLength(2);
    expect((await ec2.describePrefixLists({})).PrefixLists).toEqual([]);
    await expect(ec2.describePrefixLists({ PrefixListIds: [id] })).rejects.toMatchObject({
      name: 'InvalidPrefixListID.NotFound',
    });
    await expect(
      ec2.describePrefixLists({ Filters: [{ Name: 'colour', Values: ['red'] }] }),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});
