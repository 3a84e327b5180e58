import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import {
  type FargateInstance,
  fargateProfileKey,
  fargateProfiles,
  type NodeReportRecord,
  nodeInstances,
  nodeNameOf,
  nodeReportKey,
  nodeReports,
  nodeSightings,
  providerIdOf,
} from '../../services/eks/index.ts';
import { privateSubnets } from '../../services/eks/testing/private-subnets.ts';
import { openMemoryStore, type Store } from '../../store/index.ts';
import { type EksServer, scope, startEks, type TestCluster } from '../testing/eks-server.ts';

const podRole = `arn:aws:iam::${scope.accountId}:role/pods`;
const pods = '/api/v1/namespaces/default/pods';
const named = { clusterName: 'harbor', fargateProfileName: 'cold' };
const spec = { containers: [{ name: 'main', image: 'x' }], automountServiceAccountToken: false };

let store: Store;
let server: EksServer;
let cluster: TestCluster;
let subnets: string[];
beforeEach(async () => {
  store = openMemoryStore({ clock: systemClock() });
  server = await startEks({ store });
  cluster = await server.cluster('harbor');
  subnets = await privateSubnets(server.ask, server.subnetIds[0] ?? '');
  await server.iam.createRole({
    RoleName: 'pods',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Effect: 'Allow', Action: 'sts:AssumeRole' },
          Principal: { Service: 'eks-fargate-pods.amazonaws.com' },
        },
      ],
    }),
  });
  await soon(async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    expect((await cluster.call('GET', path)).status).toBe(200);
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await store.close();
});

/** On a machine that has much to do, too. */
const soon = <T>(probe: () => Promise<T> | T): Promise<T> => vi.waitFor(probe, { timeout: 20_000 });
const createProfile = async (more: object = {}) => {
  await server.eks.createFargateProfile({
    ...{ ...named, podExecutionRoleArn: podRole, subnets, selectors: [{ namespace: 'default' }] },
    ...more,
  });
  await server.reconcilers.idle();
};
const profileStatus = async () => (await server.eks.describeFargateProfile(named)).fargateProfile?.status;
const createPod = async (name: string, more: object = {}, metadata: object = {}) => {
  const body = { metadata: { name, ...metadata }, spec: { ...spec, ...more } };
  const { status, text, json } = await cluster.call('POST', pods, body);
  expect(status, text).toBe(201);
  return json;
};
const pod = async (name: string) => (await cluster.call('GET', `${pods}/${name}`)).json;
const instances = (): readonly FargateInstance[] =>
  [...server.state.list(nodeInstances)].flatMap(({ value }) => (value.fargate ? [value] : []));
/** The node that was asked for for a pod. */
const nodeFor = (podName: string): Promise<FargateInstance> =>
  soon(() => {
    const found = instances().find(({ fargate, isEnding }) => fargate.name === podName && !isEnding);
    if (found === undefined) throw new Error(`${podName} has no node`);
    return found;
  });
/** As an instance's machine tells of it. */
const report = async (
  { instanceId }: FargateInstance,
  said: Pick<NodeReportRecord, 'message' | 'status'>,
) => {
  await server.state.transact((tx) =>
    tx.put(nodeReports, nodeReportKey(scope, instanceId), { ...said, at: server.clock.now() }),
  );
  await server.reconcilers.idle();
};
/** A machine has room for a pod's node, and its kubelet registers it. */
async function join(podName: string): Promise<string> {
  await report(await nodeFor(podName), { status: 'reserved' });
  const instance = await nodeFor(podName);
  const name = nodeNameOf(instance) ?? '';
  const made = await cluster.call('POST', '/api/v1/nodes', {
    metadata: { name, labels: instance.labels },
    spec: { providerID: providerIdOf(instance) },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  expect(made.status, made.text).toBe(201);
  await soon(async () => expect((await pod(podName)).spec.nodeName).toBe(name));
  await server.reconcilers.idle();
  return name;
}
/** In the order of their texts. */
const eventsOf = async (podName: string): Promise<readonly string[]> => {
  const { json } = await cluster.call('GET', '/api/v1/namespaces/default/events');
  const told: readonly string[] = json.items
    .filter(({ involvedObject }: never) => (involvedObject as { name: string }).name === podName)
    .map(
      ({ source, reason, message }: never) =>
        `${(source as { component: string }).component} ${reason}: ${message}`,
    );
  return told.toSorted();
};
const interfaces = async () =>
  (
    await server.ask('ec2', 'DescribeNetworkInterfaces', {
      Filters: [{ Name: 'requester-id', Values: ['amazon-eks-fargate'] }],
    })
  ).NetworkInterfaces ?? [];

describe('a new pod that a profile selects', () => {
  it('is Fargate’s', async () => {
    await createProfile();
    expect(await profileStatus()).toBe('ACTIVE');
    expect(await createPod('web', {}, { labels: { app: 'web' } })).toMatchObject({
      metadata: { labels: { app: 'web', 'eks.amazonaws.com/fargate-profile': 'cold' } },
      spec: {
        ...{ schedulerName: 'fargate-scheduler', priorityClassName: 'system-node-critical' },
        priority: 2_000_001_000,
      },
    });
  });

  it('is not where it was there before, says that it is not, or is a DaemonSet’s', async () => {
    const before = await createPod('before');
    await createProfile();
    const annotations = { 'eks.amazonaws.com/compute-type': 'ec2' };
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'log', uid: 'u', controller: true };
    const others = [
      before,
      await createPod('ec2', {}, { annotations }),
      await createPod('log', {}, { ownerReferences: [owner] }),
      await createPod('bound', { nodeName: 'elsewhere' }),
    ];
    await server.reconcilers.idle();
    expect((await pod('before')).spec.schedulerName).toBe('default-scheduler');
    for (const other of others) expect(other.spec.schedulerName).toBe('default-scheduler');
    expect(instances()).toEqual([]);
  });
});

describe('a pod on Fargate', () => {
  it('has a node of its own, in a private subnet and the cluster’s group, of the size that it asks for', async () => {
    await createProfile();
    const resources = { requests: { cpu: '300m', memory: '600Mi', 'ephemeral-storage': '20Gi' } };
    await createPod('web', { containers: [{ name: 'main', image: 'x', resources }] });
    expect(await nodeFor('web')).toMatchObject({
      ...{ nodeRole: podRole, share: { cpu: 512, memoryMiB: 1_024 } },
      capacity: { cpuMillis: 500, memoryMiB: 1_024, pods: 1, diskGiB: 27 },
      taints: [{ key: 'eks.amazonaws.com/compute-type', value: 'fargate', effect: 'NO_SCHEDULE' }],
    });
    expect(await interfaces()).toEqual([]);
    const name = await join('web');
    expect(name).toMatch(/^fargate-ip-172-31-12[89]-\d+\.eu-west-1\.compute\.internal$/);
    const { cluster: described } = await server.eks.describeCluster({ name: 'harbor' });
    expect(await interfaces()).toMatchObject([
      {
        SubnetId: expect.stringMatching(subnets.join('|')),
        Groups: [{ GroupId: described?.resourcesVpcConfig?.clusterSecurityGroupId }],
        PrivateIpAddress: expect.stringMatching(/^172\.31\.12[89]\./),
      },
    ]);
    const node = (await cluster.call('GET', `/api/v1/nodes/${name}`)).json;
    expect(node.metadata.labels).toMatchObject({ 'eks.amazonaws.com/compute-type': 'fargate' });
    expect(node.spec.taints).toContainEqual({
      ...{ key: 'eks.amazonaws.com/compute-type', value: 'fargate', effect: 'NoSchedule' },
    });
    expect((await pod('web')).metadata.annotations).toEqual({
      CapacityProvisioned: '0.5vCPU 1GB',
      Logging: 'LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND',
    });
    expect(await eventsOf('web')).toEqual([
      'fargate-scheduler LoggingDisabled: Disabled logging because aws-logging configmap was not found. configmap "aws-logging" not found',
      `fargate-scheduler Scheduled: Successfully assigned default/web to ${name}`,
    ]);
    expect(server.troubles()).toEqual([]);
  });

  it('shares subnets evenly with others', async () => {
    await createProfile();
    for (const name of ['a', 'b', 'c', 'd']) {
      await createPod(name);
      await report(await nodeFor(name), { status: 'reserved' });
    }
    const used = instances().map(({ launched }) => launched?.subnetId ?? '');
    expect(used.toSorted()).toEqual([...subnets, ...subnets].toSorted());
  });

  it('takes its node along when it goes, and not when it has only ended', async () => {
    await createProfile();
    await createPod('job', { restartPolicy: 'Never' });
    const name = await join('job');
    const ended = { status: { phase: 'Succeeded' } };
    await cluster.call('PATCH', `${pods}/job/status`, ended, {
      'content-type': 'application/merge-patch+json',
    });
    await server.reconcilers.idle();
    expect(instances()[0]).not.toHaveProperty('isEnding');
    await cluster.call('DELETE', `${pods}/job?gracePeriodSeconds=0`);
    await soon(() => expect(instances()[0]?.isEnding).toBe(true));
    const [ending] = instances();
    if (ending === undefined) throw new Error('nothing ends');
    expect(await interfaces()).toHaveLength(1);
    await report(ending, { status: 'ended' });
    await soon(() => expect(instances()).toEqual([]));
    expect((await cluster.call('GET', `/api/v1/nodes/${name}`)).status).toBe(404);
    expect(await interfaces()).toEqual([]);
    expect([...server.state.list(nodeReports), ...server.state.list(nodeSightings)]).toEqual([]);
  });

  it('that goes before it has a place leaves nothing', async () => {
    await createProfile();
    await createPod('web');
    const node = await nodeFor('web');
    await cluster.call('DELETE', `${pods}/web`);
    await soon(() => expect(instances()[0]?.isEnding).toBe(true));
    await report(node, { status: 'ended' });
    expect(instances()).toEqual([]);
  });

  it('made anew under its name has a node of its own', async () => {
    await createProfile();
    await createPod('web');
    const first = await nodeFor('web');
    await cluster.call('DELETE', `${pods}/web`);
    const { metadata } = await createPod('web');
    const second = await soon(async () => {
      const found = await nodeFor('web');
      expect(found.instanceId).not.toBe(first.instanceId);
      return found;
    });
    expect(second.fargate.uid).toBe(metadata.uid);
  });

  it('hears that there is no room, and waits for another node', async () => {
    await createProfile();
    await createPod('web');
    const node = await nodeFor('web');
    await report(node, { status: 'no-room', message: '64 MiB are free.' });
    await soon(async () =>
      expect(await eventsOf('web')).toEqual([
        'fargate-scheduler FailedScheduling: Fargate capacity is unavailable at this time. Please try again later or in a different availability zone',
      ]),
    );
    await soon(() => expect(instances()[0]?.isEnding).toBe(true));
    const { conditions } = (await pod('web')).status;
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }),
    );
    await report(node, { status: 'ended' });
    expect(instances()).toEqual([]);
  });

  it('hears what keeps its profile’s role from running it', async () => {
    await server[Symbol.asyncDispose]();
    let isTrusted = true;
    server = await startEks({ store, whyNotAssumed: () => (isTrusted ? undefined : 'nobody may') });
    cluster = await server.found('harbor');
    await createProfile();
    isTrusted = false;
    await createPod('web');
    await report(await nodeFor('web'), { status: 'reserved' });
    await soon(async () =>
      expect(await eventsOf('web')).toEqual([
        'fargate-scheduler FailedScheduling: Misconfigured Fargate Profile: fargate profile cold blocked for new launches due to: Pod execution role is not found in auth config or does not have all required permissions for launching fargate pods.',
      ]),
    );
    expect(await interfaces()).toEqual([]);
  });

  it('hears what Fargate has not, once', async () => {
    await createProfile();
    await createPod('web', { hostNetwork: true });
    await soon(async () => expect(await eventsOf('web')).toHaveLength(1));
    await server.reconcilers.idle();
    expect(await eventsOf('web')).toEqual([
      'fargate-scheduler FailedScheduling: Pod not supported on Fargate: fields not supported: HostNetwork',
    ]);
    expect(instances()).toEqual([]);
  });

  it('has one node, whoever dies in between', async () => {
    await createProfile();
    await createPod('web');
    const node = await nodeFor('web');
    const again = async () => {
      await server[Symbol.asyncDispose]();
      server = await startEks({ store });
      cluster = await server.found('harbor');
    };
    await again();
    expect(instances().map(({ instanceId }) => instanceId)).toEqual([node.instanceId]);
    await report(node, { status: 'reserved' });
    await again();
    expect(await interfaces()).toHaveLength(1);
    const name = await join('web');
    await again();
    expect((await pod('web')).spec.nodeName).toBe(name);
    expect(instances()).toHaveLength(1);
    // Its pod goes while nobody looks.
    await cluster.call('DELETE', `${pods}/web?gracePeriodSeconds=0`);
    await again();
    await soon(() => expect(instances()[0]?.isEnding).toBe(true));
    await report(node, { status: 'ended' });
    await again();
    expect(instances()).toEqual([]);
    expect(await interfaces()).toEqual([]);
  });
});

describe('a profile that is deleted', () => {
  it('takes its pods and their nodes along, and no others', async () => {
    await createProfile({ selectors: [{ namespace: 'default', labels: { on: 'fargate' } }] });
    await createPod('web', {}, { labels: { on: 'fargate' } });
    await createPod('other');
    const node = await nodeFor('web');
    await server.eks.deleteFargateProfile(named);
    await soon(async () => expect((await cluster.call('GET', `${pods}/web`)).status).toBe(404));
    expect(await profileStatus()).toBe('DELETING');
    await createPod('late', {}, { labels: { on: 'fargate' } });
    expect((await pod('late')).spec.schedulerName).toBe('default-scheduler');
    await soon(() => expect(instances()[0]?.isEnding).toBe(true));
    await report(node, { status: 'ended' });
    await soon(() =>
      expect(server.state.get(fargateProfiles, fargateProfileKey(scope, 'harbor', 'cold'))).toBeUndefined(),
    );
    expect((await pod('other')).metadata.deletionTimestamp).toBeUndefined();
    const { accessEntries } = await server.eks.listAccessEntries({ clusterName: 'harbor' });
    expect(accessEntries).not.toContain(podRole);
  });

  it('takes along who runs by it and says so no more', async () => {
    await createProfile();
    await createPod('web');
    await join('web');
    const labels = { 'eks.amazonaws.com/fargate-profile': null };
    const type = { 'content-type': 'application/merge-patch+json' };
    expect((await cluster.call('PATCH', `${pods}/web`, { metadata: { labels } }, type)).status).toBe(200);
    await server.eks.deleteFargateProfile(named);
    await soon(async () => expect((await pod('web')).metadata.deletionTimestamp).toBeDefined());
  });
});

it('lets the nodes of profiles into clusters that look at aws-auth by a row of their role', async () => {
  const bay = await server.cluster('bay', { accessConfig: { authenticationMode: 'CONFIG_MAP' } });
  const inBay = { clusterName: 'bay', fargateProfileName: 'cold' };
  await createProfile(inBay);
  const rows = async () =>
    (await bay.call('GET', '/api/v1/namespaces/kube-system/configmaps/aws-auth')).json.data.mapRoles;
  expect(await rows()).toBe(
    `- groups:\n    - system:bootstrappers\n    - system:nodes\n    - system:node-proxier\n  rolearn: ${podRole}\n  username: system:node:{{SessionName}}\n`,
  );
  await server.eks.deleteFargateProfile(inBay);
  await soon(async () => expect(await rows()).not.toContain(podRole));
});
