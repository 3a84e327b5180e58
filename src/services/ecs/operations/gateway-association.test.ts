import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { clusterArn, gatewayArn } from '../arn.ts';
import { gatewayInfrastructure } from '../reconcilers/gateway-infrastructure.ts';
import { addSubnet, testNetwork } from '../testing/network.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';
import { createCluster, deleteCluster } from './cluster.ts';
import { createGateway, deleteGateway } from './gateway.ts';
import {
  associateGatewayWithCluster,
  disassociateGatewayFromCluster,
  listGatewayClusterAssociations,
} from './gateway-association.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
  const availabilityZone = 'eu-west-1b';
  await room.write((tx) =>
    addSubnet(tx, scope, { id: 'subnet-0000000b', cidr: '10.231.9.0/24', availabilityZone }),
  );
  for (const name of ['quay', 'pier']) await gateway(name);
});
afterEach(() => room[Symbol.asyncDispose]());

const gateway = (name: string) =>
  createGateway(
    room.ecs,
    {
      ...{ name, deletionProtection: false },
      infrastructureRoleArn: `arn:aws:iam::${scope.accountId}:role/winch`,
      configuration: {
        hostSharedAlb: { networkConfiguration: { subnets: [testNetwork.subnetId, 'subnet-0000000b'] } },
      },
    },
    room.call,
  );
const associate = (gatewayName: string, cluster = 'default') =>
  associateGatewayWithCluster(room.ecs, { gateway: gatewayName, cluster }, room.call);
const disassociate = (gatewayName: string, cluster = 'default') =>
  disassociateGatewayFromCluster(room.ecs, { gateway: gatewayName, cluster }, room.call);
const listed = (input = {}) =>
  listGatewayClusterAssociations(room.ecs, input, room.call).gatewayClusterAssociations;

const association = (gatewayName: string, cluster: string, status = 'ACTIVE') => ({
  ...{ gatewayArn: gatewayArn(scope, gatewayName), clusterArn: clusterArn(scope, cluster), status },
});

async function settle(): Promise<void> {
  const { state, clock, random, log } = room.ecs;
  await using reconcilers = startReconcilers({
    ...{ state, clock, random, log, store: room.store, reconcilers: [gatewayInfrastructure(room.ecs)] },
  });
  await reconcilers.idle();
}

test('a gateway is associated with clusters, and ends being so when nothing of them is behind it', async () => {
  await createCluster(room.ecs, { clusterName: 'harbor' }, room.call);
  expect(await associate('quay')).toEqual(association('quay', 'default'));
  expect(await associate('quay')).toEqual(association('quay', 'default'));
  await associate(gatewayArn(scope, 'pier'), clusterArn(scope, 'harbor'));
  const both = [association('pier', 'harbor'), association('quay', 'default')];
  expect(listed()).toEqual(both);
  expect(listed({ gateway: 'quay' })).toEqual([both[1]]);
  expect(listed({ cluster: clusterArn(scope, 'harbor') })).toEqual([both[0]]);
  expect(listed({ status: ['DISASSOCIATING'] })).toEqual([]);

  await expect(deleteGateway(room.ecs, { gateway: 'quay' }, room.call)).rejects.toMatchObject({
    code: 'ClientException',
  });
  expect(await disassociate('quay')).toEqual(association('quay', 'default', 'DISASSOCIATING'));
  await settle();
  expect(listed()).toEqual([both[0]]);
  await deleteGateway(room.ecs, { gateway: 'quay' }, room.call);
});

test('associations end with their cluster', async () => {
  await associate('quay');
  await deleteCluster(room.ecs, { cluster: 'default' }, room.call);
  expect(listed()).toEqual([]);
});

test('a cluster has five gateways at most', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await gateway(name);
  for (const name of ['a', 'b', 'c', 'd', 'quay']) await associate(name);
  await expect(associate('pier')).rejects.toMatchObject({
    ...{ code: 'ClientException', message: 'A cluster can be associated with at most 5 gateways.' },
  });
  await associate('quay');
});

test('what is not there is named', async () => {
  await expect(associate('nowhere')).rejects.toMatchObject({ code: 'GatewayNotFoundException' });
  await expect(associate('quay', 'nowhere')).rejects.toMatchObject({ code: 'ClusterNotFoundException' });
  await expect(associate('quay', '')).rejects.toMatchObject({ message: 'cluster can not be blank.' });
  await expect(disassociate('quay')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  expect(() => listed({ status: ['GONE'] })).toThrow('status should be one of');
});
