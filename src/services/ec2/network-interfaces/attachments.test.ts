import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noteAttachments, terminateInstance } from '../index.ts';
import { ec2Key, networkInterfaces, vpcs } from '../records.ts';
import { type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';
import { addInstance } from '../testing/instances.ts';
import { putNetwork } from '../testing/networks.ts';
import { interfaceTopology } from './topology.ts';

let server: Ec2Server;
let vpcId: string;
let subnetIds: readonly string[];
let why: string | undefined;
let instanceId: string;
beforeEach(async () => {
  why = undefined;
  server = await startEc2Server({ whyNoMachineInterfaces: () => why });
  ({ vpcId, subnetIds } = await putNetwork(server.state, scope, 1, ['10.0.0.0/24', '10.0.1.0/24']));
  instanceId = await register();
});
afterEach(() => server[Symbol.asyncDispose]());

const register = (more: { readonly availabilityZone?: string; readonly machineId?: string } = {}) =>
  server.state.transact((tx) => {
    const facts = { address: '127.0.0.1', availabilityZone: `${region}a`, ownTcpPorts: [], ...more };
    return addInstance(tx, server, facts);
  });

async function create(
  more: { readonly SubnetId?: string; readonly PrivateIpAddress?: string } = {},
): Promise<string> {
  const { NetworkInterface } = await server.ec2.createNetworkInterface({ SubnetId: subnetIds[0], ...more });
  return NetworkInterface?.NetworkInterfaceId ?? '';
}

const attach = (NetworkInterfaceId: string, more: object = {}) =>
  server.ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId: instanceId, DeviceIndex: 1, ...more });

/** As the machine looks. @param ids What is there. */
const look = (...ids: readonly string[]) =>
  noteAttachments(server.state, ec2Key(vpcs, scope, vpcId), (id) => ids.includes(id));

async function describeOne(id: string) {
  const { NetworkInterfaces: [found] = [] } = await server.ec2.describeNetworkInterfaces({
    NetworkInterfaceIds: [id],
  });
  return found;
}

const isOfMachine = (id: string): boolean => {
  const record = server.state.get(networkInterfaces, ec2Key(networkInterfaces, scope, id));
  return record !== undefined && interfaceTopology(record, []).isOfMachine === true;
};

const refused = (name: string, words = '') => ({
  ...{ name, message: expect.stringContaining(words), $metadata: { httpStatusCode: 400 } },
});

describe('an interface that is attached to an instance', () => {
  it('is attaching, in use, detaching and available, as far as the machine has it', async () => {
    const id = await create();
    const { AttachmentId } = await attach(id);
    expect(AttachmentId).toMatch(/^eni-attach-[0-9a-f]{17}$/);
    expect(await describeOne(id)).toMatchObject({
      Status: 'attaching',
      Attachment: {
        ...{ AttachmentId, InstanceId: instanceId, DeviceIndex: 1, NetworkCardIndex: 0, Status: 'attaching' },
        ...{ InstanceOwnerId: scope.accountId, DeleteOnTermination: false },
      },
    });
    expect(isOfMachine(id)).toBe(true);
    await look();
    expect((await describeOne(id))?.Status).toBe('attaching');
    await look(id);
    expect(await describeOne(id)).toMatchObject({ Status: 'in-use', Attachment: { Status: 'attached' } });
    await expect(server.ec2.deleteNetworkInterface({ NetworkInterfaceId: id })).rejects.toMatchObject(
      refused('InvalidParameterValue', `Network interface '${id}' is currently in use.`),
    );
    const { Reservations } = await server.ec2.describeInstances({
      Filters: [{ Name: 'network-interface.network-interface-id', Values: [id] }],
    });
    expect(Reservations?.[0]?.Instances?.[0]?.NetworkInterfaces).toMatchObject([
      { NetworkInterfaceId: id, Status: 'in-use', Attachment: { DeviceIndex: 1, Status: 'attached' } },
    ]);

    await server.ec2.detachNetworkInterface({ AttachmentId });
    await server.ec2.detachNetworkInterface({ AttachmentId });
    expect(await describeOne(id)).toMatchObject({ Status: 'detaching', Attachment: { Status: 'detaching' } });
    expect(isOfMachine(id)).toBe(false);
    await look(id);
    expect((await describeOne(id))?.Status).toBe('detaching');
    await look();
    expect(await describeOne(id)).toMatchObject({ Status: 'available' });
    await expect(server.ec2.detachNetworkInterface({ AttachmentId })).rejects.toMatchObject(
      refused('InvalidAttachmentID.NotFound'),
    );
    await server.ec2.deleteNetworkInterface({ NetworkInterfaceId: id });
  });

  it('goes with its instance if it is to, and is available if not', async () => {
    const [kept, deleted] = [await create(), await create()];
    await attach(kept);
    const { AttachmentId } = await attach(deleted, { DeviceIndex: 2 });
    await look(kept, deleted);
    await server.ec2.modifyNetworkInterfaceAttribute({
      NetworkInterfaceId: deleted,
      Attachment: { AttachmentId, DeleteOnTermination: true },
    });
    await server.state.transact((tx) => terminateInstance(tx, scope, instanceId, server.clock.now()));
    expect((await describeOne(kept))?.Status).toBe('detaching');
    await expect(describeOne(deleted)).rejects.toMatchObject(refused('InvalidNetworkInterfaceID.NotFound'));
    await look();
    expect((await describeOne(kept))?.Status).toBe('available');
  });

  it('is one that is there, and free', async () => {
    const id = await create();
    await attach(id);
    await expect(attach(id, { DeviceIndex: 2 })).rejects.toMatchObject(
      refused('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`),
    );
    await expect(attach('eni-00000000')).rejects.toMatchObject(refused('InvalidNetworkInterfaceID.NotFound'));
    await expect(attach('web')).rejects.toMatchObject(refused('InvalidNetworkInterfaceId.Malformed'));
    await expect(
      server.ec2.detachNetworkInterface({ AttachmentId: 'eni-attach-00000000' }),
    ).rejects.toMatchObject(refused('InvalidAttachmentID.NotFound'));
  });

  it('has a place of its own on a running instance of its zone, on the machine of the control plane', async () => {
    const cases: readonly (readonly [object, string, string])[] = [
      [{ DeviceIndex: 0 }, 'InvalidParameterValue', "already has an interface attached at device index '0'"],
      [{ DeviceIndex: 1 }, 'InvalidParameterValue', "already has an interface attached at device index '1'"],
      [{ DeviceIndex: -1 }, 'InvalidParameterValue', 'deviceIndex'],
      [{ DeviceIndex: 2, NetworkCardIndex: 1 }, 'InvalidParameterValue', 'networkCardIndex'],
      [{ DeviceIndex: 2, EnaQueueCount: 2 }, 'UnsupportedOperation', 'EnaQueueCount'],
      [
        { InstanceId: 'i-0123456789abcdef0' },
        'InvalidInstanceID.NotFound',
        "The instance ID 'i-0123456789abcdef0' does not exist",
      ],
      [{ InstanceId: 'web' }, 'InvalidInstanceID.Malformed', 'web'],
      [
        { InstanceId: await register({ availabilityZone: `${region}b` }) },
        'InvalidParameterCombination',
        'if they are not in the same availability zone',
      ],
      [
        { InstanceId: await register({ machineId: 'm-1' }) },
        'UnsupportedOperation',
        'machines that have joined',
      ],
    ];
    await attach(await create());
    const id = await create();
    for (const [more, code, words] of cases)
      await expect(attach(id, more), words).rejects.toMatchObject(refused(code, words));
    const ended = await register();
    await server.state.transact((tx) => terminateInstance(tx, scope, ended, server.clock.now()));
    await expect(attach(id, { InstanceId: ended })).rejects.toMatchObject(refused('IncorrectState'));
    why = 'there is no kernel for them';
    await expect(attach(id, { DeviceIndex: 2 })).rejects.toMatchObject(
      refused('UnsupportedOperation', 'there is no kernel for them'),
    );
    expect((await describeOne(id))?.Status).toBe('available');
  });

  it('is one of fifteen at most, and of two with one address on a machine the first', async () => {
    for (let DeviceIndex = 1; DeviceIndex < 15; DeviceIndex += 1)
      await attach(await create(), { DeviceIndex });
    await expect(attach(await create(), { DeviceIndex: 15 })).rejects.toMatchObject(
      refused('AttachmentLimitExceeded', `Interface count 16 exceeds the limit for ${instanceId}`),
    );
    const other = await register();
    const { subnetIds: others } = await putNetwork(server.state, scope, 2, ['10.0.0.0/24']);
    const PrivateIpAddress = '10.0.0.200';
    await attach(await create({ PrivateIpAddress }), { InstanceId: other });
    const twin = await create({ SubnetId: others[0] ?? '', PrivateIpAddress });
    await expect(attach(twin, { InstanceId: other, DeviceIndex: 2 })).rejects.toMatchObject(
      refused('InvalidParameterCombination', '10.0.0.200 is attached on the same machine'),
    );
  });
});
