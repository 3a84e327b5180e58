import type { CreateGatewayCommandInput, HostSharedAlbConfiguration } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { gatewayArn } from '../arn.ts';
import { gatewayInfrastructure } from '../reconcilers/gateway-infrastructure.ts';
import { addSubnet, testNetwork } from '../testing/network.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';
import { createGateway, deleteGateway, describeGateway, listGateways, updateGateway } from './gateway.ts';
import { listTagsForResource, tagResource, untagResource } from './tag.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
  await room.write((tx) =>
    addSubnet(tx, scope, { id: 'subnet-0000000b', cidr: '10.231.9.0/24', availabilityZone: 'eu-west-1b' }),
  );
});
afterEach(() => room[Symbol.asyncDispose]());

const infrastructureRoleArn = `arn:aws:iam::${scope.accountId}:role/winch`;
const subnets = [testNetwork.subnetId, 'subnet-0000000b'];

const create = (
  name: string,
  bent: Partial<CreateGatewayCommandInput> = {},
  hostSharedAlb: HostSharedAlbConfiguration = {},
) =>
  createGateway(
    room.ecs,
    {
      ...{ name, infrastructureRoleArn },
      configuration: { hostSharedAlb: { networkConfiguration: { subnets }, ...hostSharedAlb } },
      ...bent,
    },
    room.call,
  );
const described = (gateway: string) => describeGateway(room.ecs, { gateway }, room.call).gateway;
const listed = (input = {}) => listGateways(room.ecs, input, room.call);
const update = (hostSharedAlb: object = {}, more = {}) =>
  updateGateway(room.ecs, { gateway: 'quay', configuration: { hostSharedAlb }, ...more }, room.call);

async function settle(): Promise<void> {
  const { state, clock, random, log } = room.ecs;
  await using reconcilers = startReconcilers({
    ...{ state, clock, random, log, store: room.store, reconcilers: [gatewayInfrastructure(room.ecs)] },
  });
  await reconcilers.idle();
}

describe('CreateGateway', () => {
  test('makes a gateway that is ACTIVE at once, with AWS’s defaults', async () => {
    const tags = [{ key: 'team', value: 'blue' }];
    expect(await create('quay', { tags })).toEqual({
      ...{ gatewayArn: gatewayArn(scope, 'quay'), name: 'quay', status: 'ACTIVE' },
    });
    expect(described('quay')).toEqual({
      ...{ gatewayArn: gatewayArn(scope, 'quay'), name: 'quay', status: 'ACTIVE', tags },
      ...{ infrastructureRoleArn, deletionProtection: true, accessType: 'PUBLIC', propagateTags: 'GATEWAY' },
      configuration: {
        hostSharedAlb: {
          networkConfiguration: { subnets, ipAddressType: 'ipv4' },
          ...{ scheme: 'internet-facing', port: 443, protocol: 'HTTPS', httpDesync: 'defensive' },
          ...{ maxAlbCount: 10, currentAlbCount: 0 },
        },
      },
      ...{ createdAt: new Date(room.call.now), updatedAt: new Date(room.call.now) },
    });
  });

  test('keeps what is said of its load balancers', async () => {
    const said = {
      scheme: 'internal',
      maxAlbCount: 2,
      accessLogs: { destination: { s3: { bucket: 'logbook', prefix: 'quay' } } },
      testTrafficRules: { header: { name: 'X-Trial', values: ['yes', 'true'] } },
    } as const;
    await create(
      'quay',
      { deletionProtection: false, propagateTags: 'NONE' },
      structuredClone(said) as never,
    );
    expect(described(gatewayArn(scope, 'quay'))).toMatchObject({
      ...{ accessType: 'PRIVATE', deletionProtection: false, propagateTags: 'NONE' },
      configuration: { hostSharedAlb: said },
    });
  });

  test('is done once for a clientToken, and once for a name', async () => {
    const first = await create('quay', { clientToken: 'a' });
    expect(await create('quay', { clientToken: 'a' })).toEqual(first);
    for (const other of [{ clientToken: 'b' }, {}, { clientToken: 'a', deletionProtection: false }])
      await expect(create('quay', other)).rejects.toMatchObject({
        code: 'ClientException',
        message: 'A gateway with the name quay already exists.',
      });
    expect(listed().gateways).toHaveLength(1);
  });

  test('refuses what can not be', async () => {
    room.untrustedRoles.add(`${infrastructureRoleArn}s`);
    const cases: readonly (readonly [
      Partial<CreateGatewayCommandInput>,
      HostSharedAlbConfiguration,
      string,
    ])[] = [
      [{ name: 'no spaces' }, {}, 'Gateway names can have up to 255 letters'],
      [{ infrastructureRoleArn: 'winch' }, {}, 'infrastructureRoleArn is not the ARN of a role.'],
      [{ infrastructureRoleArn: `${infrastructureRoleArn}s` }, {}, 'Cannot assume role.'],
      [{ configuration: undefined }, {}, 'Exactly one variant of configuration must be set'],
      [{ propagateTags: 'SERVICE' as never }, {}, 'propagateTags should be one of [GATEWAY,NONE].'],
      [{ clientToken: 'x'.repeat(65) }, {}, 'idempotency token longer than 64.'],
      [{}, { port: 80 }, 'port must be 443'],
      [{}, { protocol: 'HTTP' }, 'protocol must be HTTPS.'],
      [{}, { scheme: 'public' as never }, 'scheme should be one of [internet-facing,internal].'],
      [{}, { maxAlbCount: 0 }, 'maxAlbCount must be between 1 and 50.'],
      [{}, { httpDesync: 'strictest' }, 'The desync mitigation mode strictest is not supported'],
      [{}, { webACLArn: 'arn:aws:wafv2:::webacl' }, 'A web ACL of a gateway (webACLArn) is not supported'],
      [{}, { accessLogs: { destination: { s3: { bucket: 'No Bucket' } } } }, 'bucket of accessLogs is not'],
      [
        {},
        { testTrafficRules: { header: { name: 'Host', values: ['a'] } } },
        'Test traffic can not be told by the header Host.',
      ],
      [{}, { testTrafficRules: { header: { name: 'X', values: [] } } }, 'can have 1 to 4 items'],
      [
        {},
        { networkConfiguration: { subnets, ipAddressType: 'dualstack' } },
        'The ipAddressType dualstack is not supported',
      ],
      [{}, { networkConfiguration: { subnets: [subnets[0] ?? ''] } }, 'at least two Availability Zones'],
      [{}, { networkConfiguration: { subnets: ['subnet-1'] } }, "The subnet ID 'subnet-1' does not exist"],
      [
        {},
        { networkConfiguration: { subnets, inboundSecurityGroup: 'sg-1' } },
        "The security group 'sg-1' does not exist",
      ],
      [{}, { networkConfiguration: {} }, 'There is no default VPC in this Region'],
    ];
    for (const [bent, alb, message] of cases)
      await expect(create('quay', bent, alb), message).rejects.toMatchObject({
        message: expect.stringContaining(message),
      });
    expect(listed().gateways).toEqual([]);
  });
});

describe('UpdateGateway', () => {
  test('changes what is said, leaves the rest, and is complete when that is done', async () => {
    await create(
      'quay',
      {},
      {
        accessLogs: { destination: { s3: { bucket: 'logbook' } } },
        testTrafficRules: { header: { name: 'X-Trial', values: ['yes'] } },
      },
    );
    expect(
      await update(
        {
          maxAlbCount: 3,
          accessLogs: {},
          networkConfiguration: { inboundSecurityGroup: testNetwork.securityGroupId },
        },
        { deletionProtection: false },
      ),
    ).toMatchObject({ name: 'quay', status: 'UPDATE_IN_PROGRESS' });
    await expect(update()).rejects.toMatchObject({ code: 'ClientException' });
    await settle();
    const { configuration, ...gateway } = described('quay') ?? {};
    expect(gateway).toMatchObject({ status: 'UPDATE_COMPLETE', deletionProtection: false });
    expect(configuration?.hostSharedAlb).toMatchObject({
      ...{ maxAlbCount: 3, testTrafficRules: { header: { name: 'X-Trial', values: ['yes'] } } },
      networkConfiguration: { inboundSecurityGroup: testNetwork.securityGroupId, subnets },
    });
    expect(configuration?.hostSharedAlb).not.toHaveProperty('accessLogs');

    await update({ testTrafficRules: {}, networkConfiguration: { inboundSecurityGroup: '' } });
    const { hostSharedAlb } = described('quay')?.configuration ?? {};
    expect(hostSharedAlb).not.toHaveProperty('testTrafficRules');
    expect(hostSharedAlb?.networkConfiguration).not.toHaveProperty('inboundSecurityGroup');
  });

  test('refuses a role that ECS can not take, and a gateway that is not there', async () => {
    await create('quay');
    room.untrustedRoles.add(`${infrastructureRoleArn}s`);
    await expect(update({}, { infrastructureRoleArn: `${infrastructureRoleArn}s` })).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
    expect(described('quay')).toMatchObject({ status: 'ACTIVE', infrastructureRoleArn });
    await expect(update({}, { gateway: 'pier' })).rejects.toMatchObject({ code: 'GatewayNotFoundException' });
  });
});

test('DeleteGateway needs deletion protection to be off, and then the name is free', async () => {
  const deleted = () => deleteGateway(room.ecs, { gateway: 'quay' }, room.call);
  await create('quay');
  await expect(deleted()).rejects.toMatchObject({
    code: 'ClientException',
    message: expect.stringContaining('deletion protection is enabled'),
  });
  await update({}, { deletionProtection: false });
  await settle();
  expect(await deleted()).toEqual({
    ...{ gatewayArn: gatewayArn(scope, 'quay'), name: 'quay', status: 'DELETED' },
  });
  expect(() => described('quay')).toThrow(expect.objectContaining({ code: 'GatewayNotFoundException' }));
  await create('quay');
});

test('ListGateways filters by names and status, in pages', async () => {
  for (const name of ['c', 'a', 'b']) await create(name);
  const names = (input: object) => listed(input).gateways?.map(({ name }) => name);
  expect(names({})).toEqual(['a', 'b', 'c']);
  expect(names({ names: ['b', 'z'] })).toEqual(['b']);
  expect(names({ status: ['ACTIVE'] })).toHaveLength(3);
  expect(names({ status: ['UPDATE_FAILED', 'DELETED'] })).toEqual([]);
  const { gateways, nextToken } = listed({ maxResults: 2 });
  expect(gateways).toHaveLength(2);
  expect(names({ nextToken })).toEqual(['c']);
  expect(() => listed({ status: ['GONE'] })).toThrow('status should be one of');
  expect(() => listed({ names: Array.from({ length: 11 }, String) })).toThrow('at most 10 items');
});

test('a gateway has tags', async () => {
  await create('quay', { tags: [{ key: 'a', value: '1' }] });
  const resourceArn = gatewayArn(scope, 'quay');
  await tagResource(room.ecs, { resourceArn, tags: [{ key: 'b', value: '2' }] }, room.call);
  await untagResource(room.ecs, { resourceArn, tagKeys: ['a'] }, room.call);
  expect(listTagsForResource(room.ecs, { resourceArn }, room.call)).toEqual({
    tags: [{ key: 'b', value: '2' }],
  });
  expect(() => listTagsForResource(room.ecs, { resourceArn: gatewayArn(scope, 'pier') }, room.call)).toThrow(
    expect.objectContaining({ code: 'ResourceNotFoundException' }),
  );
});
