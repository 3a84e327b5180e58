import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { localVolumeReportKey, localVolumeReports, localVolumes } from '../../kubernetes/index.ts';
import { joinMachine } from '../../machines/index.ts';
import { type Collection, recordKey } from '../../reconcile/index.ts';
import {
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
} from '../../services/eks/index.ts';
import {
  accountId,
  type IamServer,
  type Key,
  startIamServer,
} from '../../services/iam/testing/iam-server.ts';
import { type NodeHome, nodeHome } from '../kubelets/node-home.ts';
import { machineUsers } from './identities.ts';
import { nodeRoutes } from './node-routes.ts';
import { remoteNodeHome } from './remote-node-home.ts';

const scope = { accountId, region: 'eu-west-1' };
const controlPlanes: Collection<object> = { service: 'kubernetes', noun: 'control-plane', indexes: {} };
const ownKey = nodeInstanceKey(scope, 'i-1');
const othersKey = nodeInstanceKey(scope, 'i-2');
const homesKey = nodeInstanceKey(scope, 'i-3');
const volumeKey = recordKey(localVolumes, accountId, scope.region, 'H', 'pvc-1');

let server: IamServer;
let machineId: string;
/** Of the machine that carries `i-1`. */
let home: NodeHome;

const as = (credentials: Key): NodeHome =>
  remoteNodeHome({
    ...{ endpoint: server.endpoint, clock: server.clock, signal: new AbortController().signal },
    credentials: { ...credentials, region: scope.region },
  });
const join = (installationId: string) =>
  joinMachine(
    {
      ...{ state: server.state, clock: server.clock, accountId },
      identities: machineUsers(server.iam),
    },
    installationId,
    { name: 'mast', address: '192.0.2.2', version: '1.0.0' },
  );

beforeEach(async () => {
  const routes = nodeRoutes(accountId, () => ({
    state: server.state,
    nodeHome: async (id) =>
      nodeHome({
        ...{ state: server.state, clock: server.clock, random: seededRandom(1), iam: server.room },
        ...{ machineId: id, isHome: false },
      }),
  }));
  server = await startIamServer({ routes });
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const { Role } = await server.iam.createRole({
    RoleName: 'node',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  });
  const { machineId: id, ...key } = await join('0123456789ab');
  machineId = id;
  home = as(key);
  const instance = {
    ...{ clusterName: 'harbor', clusterId: 'H', nodegroupName: 'blue', nodeRole: Role?.Arn },
  };
  await server.state.transact((tx) => {
    tx.put(controlPlanes, recordKey(controlPlanes, accountId, scope.region, 'H'), {
      ...{ endpoint: 'https://192.0.2.1:6443', certificateAuthority: 'PEM', sealedKey: 'sealed' },
    });
    for (const [instanceId, of] of Object.entries({
      'i-1': { machineId },
      'i-2': { machineId: 'm-other' },
      'i-3': {},
    }))
      tx.put(nodeInstances, nodeInstanceKey(scope, instanceId), {
        ...{ ...instance, instanceId, ...of },
      } as unknown as NodeInstanceRecord);
    tx.put(localVolumes, volumeKey, {
      ...{ machineId, sizeBytes: 10, askedAt: 1, claim: { namespace: 'n', name: 'c', uid: 'u' } },
    });
  });
});
afterEach(() => server[Symbol.asyncDispose]());

it('a machine finds the API server and the credentials of the nodes that it carries', async () => {
  expect(await home.controlPlaneOf(ownKey)).toEqual({
    endpoint: 'https://192.0.2.1:6443',
    certificateAuthority: 'PEM',
  });
  for (const credentials of [await home.credentials(ownKey), await home.networkCredentials(ownKey)]) {
    expect((await server.as(credentials).sts.getCallerIdentity({})).Arn).toBe(
      `arn:aws:sts::${accountId}:assumed-role/node/i-1`,
    );
    expect(credentials.expiration?.getTime()).toBeGreaterThan(server.clock.now());
  }
  await server.iam.deleteRole({ RoleName: 'node' });
  await expect(home.credentials(ownKey)).rejects.toThrow('i-1 has no credentials');
});

it('finds none of the nodes that others carry, and says nothing of them', async () => {
  for (const key of [othersKey, homesKey, nodeInstanceKey(scope, 'i-4')]) {
    await expect(home.controlPlaneOf(key)).rejects.toThrow('carries no node');
    await expect(home.credentials(key)).rejects.toThrow('carries no node');
    await expect(home.networkCredentials(key)).rejects.toThrow('carries no node');
    await home.report(key, { status: 'ended' });
  }
  expect([...server.state.list(nodeReports)]).toEqual([]);
  const stranger = as(await join('ba9876543210'));
  await stranger.reportVolume(volumeKey, { askedAt: 1, sizeBytes: 7 });
  expect([...server.state.list(localVolumeReports)]).toEqual([]);
});

it('tells how far nodes and volumes have come', async () => {
  await home.report(ownKey, { status: 'no-room', message: 'full' });
  const report = () => server.state.get(nodeReports, nodeReportKey(scope, 'i-1'));
  expect(report()).toMatchObject({ status: 'no-room', message: 'full', nodegroupKey: expect.anything() });
  await home.report(ownKey, { status: 'reserved' });
  expect(report()).not.toHaveProperty('message');
  const volume = () => server.state.get(localVolumeReports, localVolumeReportKey(volumeKey, 'pvc-1'));
  const refusal = { code: 'ResourceExhausted', message: 'full' };
  await home.reportVolume(volumeKey, { askedAt: 1, sizeBytes: 0, refusal });
  expect(volume()).toEqual({ machineId, askedAt: 1, sizeBytes: 0, refusal });
  await home.reportVolume(volumeKey, undefined);
  expect(volume()).toBeUndefined();
  await expect(home.reportVolume(volumeKey, { askedAt: 1, sizeBytes: -1 })).rejects.toThrow('Invalid report');
  await expect(home.report(ownKey, { status: 'gone' as never })).rejects.toThrow('status is one of');
});

it('is nobody’s who is no machine', async () => {
  await expect(as(server.rootKey).credentials(ownKey)).rejects.toThrow('it is no machine');
  await server.iam.createUser({ UserName: 'ada' });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  await expect(as({ accessKeyId, secretAccessKey }).credentials(ownKey)).rejects.toThrow('not authorized');
});
