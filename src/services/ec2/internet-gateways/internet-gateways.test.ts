import type { EC2 } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addresses, ec2Key, networkInterfaces } from '../records.ts';
import { accountId, type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putInterface, putVpc } from '../testing/networks.ts';

let server: Ec2Server;
let ec2: EC2;
let VpcId: string;
beforeEach(async () => {
  server = await startEc2Server();
  ec2 = server.ec2;
  VpcId = await putVpc(server.state, scope, 1);
});
afterEach(() => server[Symbol.asyncDispose]());

const make = async () => (await ec2.createInternetGateway({})).InternetGateway?.InternetGatewayId ?? '';

describe('an internet gateway', () => {
  it('is made, attached, detached and deleted', async () => {
    const { InternetGateway: made } = await ec2.createInternetGateway({
      TagSpecifications: [{ ResourceType: 'internet-gateway', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    const InternetGatewayId = made?.InternetGatewayId ?? '';
    expect(made).toEqual({
      InternetGatewayId: expect.stringMatching(/^igw-[0-9a-f]{17}$/),
      ...{ OwnerId: accountId, Attachments: [], Tags: [{ Key: 'Pier', Value: 'nine' }] },
    });
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    const { InternetGateways } = await ec2.describeInternetGateways({
      InternetGatewayIds: [InternetGatewayId],
    });
    expect(InternetGateways).toEqual([{ ...made, Attachments: [{ VpcId, State: 'available' }] }]);
    await expect(ec2.deleteInternetGateway({ InternetGatewayId })).rejects.toMatchObject({
      name: 'DependencyViolation',
      message: `The internetGateway '${InternetGatewayId}' has dependencies and cannot be deleted.`,
    });
    await ec2.detachInternetGateway({ InternetGatewayId, VpcId });
    await ec2.deleteInternetGateway({ InternetGatewayId });
    await expect(ec2.deleteInternetGateway({ InternetGatewayId })).rejects.toMatchObject({
      name: 'InvalidInternetGatewayID.NotFound',
      message: `The internetGateway ID '${InternetGatewayId}' does not exist`,
    });
  });

  it('is one VPC’s, which has one, however many ask at once', async () => {
    const gateways = [await make(), await make(), await make()];
    const outcomes = await Promise.allSettled(
      gateways.map((InternetGatewayId) => ec2.attachInternetGateway({ InternetGatewayId, VpcId })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: {
        name: 'InvalidParameterValue',
        message: `Network ${VpcId} already has an internet gateway attached`,
      },
    });
    const attached = gateways[outcomes.findIndex(({ status }) => status === 'fulfilled')] ?? '';
    const other = await putVpc(server.state, scope, 2);
    await expect(
      ec2.attachInternetGateway({ InternetGatewayId: attached, VpcId: other }),
    ).rejects.toMatchObject({
      name: 'Resource.AlreadyAssociated',
      message: `resource ${attached} is already attached to network ${VpcId}`,
    });
    await expect(
      ec2.detachInternetGateway({ InternetGatewayId: attached, VpcId: other }),
    ).rejects.toMatchObject({
      name: 'Gateway.NotAttached',
      message: `resource ${attached} is not attached to network ${other}`,
    });
  });

  it('stays while public addresses are mapped', async () => {
    const InternetGatewayId = await make();
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    const at = { vpcId: VpcId, subnetId: 'subnet-1' };
    const eni = await putInterface(server.state, scope, 1, { ...at, autoAssignedPublicIpv4: '198.18.0.9' });
    const refusal = {
      name: 'DependencyViolation',
      message:
        `Network ${VpcId} has some mapped public address(es). ` +
        'Please unmap those public address(es) before detaching the gateway.',
    };
    const detach = () => ec2.detachInternetGateway({ InternetGatewayId, VpcId });
    await expect(detach()).rejects.toMatchObject(refusal);
    await server.state.transact((tx) => tx.delete(networkInterfaces, ec2Key(networkInterfaces, scope, eni)));
    await putInterface(server.state, scope, 1, at);
    const allocationId = 'eipalloc-1';
    const association = { id: 'eipassoc-1', networkInterfaceId: eni, privateIpv4: '10.0.0.1' };
    const putAddress = (more: object) =>
      server.state.transact((tx) =>
        tx.put(addresses, ec2Key(addresses, scope, allocationId), {
          ...{ allocationId, publicIpv4: '198.18.0.7', tags: {} },
          ...more,
        }),
      );
    await putAddress({ association });
    await expect(detach()).rejects.toMatchObject(refusal);
    await putAddress({});
    await detach();
  });

  it('is found by its filters; there are five in a region', async () => {
    const InternetGatewayId = await make();
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    for (let index = 0; index < 4; index++) await make();
    await expect(make()).rejects.toMatchObject({
      name: 'InternetGatewayLimitExceeded',
      message: 'The maximum number of internet gateways has been reached.',
    });
    const by = async (Name: string, ...Values: string[]) =>
      (await ec2.describeInternetGateways({ Filters: [{ Name, Values }] })).InternetGateways?.map(
        (gateway) => gateway.InternetGatewayId,
      );
    expect(await by('attachment.vpc-id', VpcId)).toEqual([InternetGatewayId]);
    expect(await by('attachment.state', 'available')).toEqual([InternetGatewayId]);
    expect(await by('internet-gateway-id', InternetGatewayId)).toEqual([InternetGatewayId]);
    expect(await by('owner-id', accountId)).toHaveLength(5);
  });
});
