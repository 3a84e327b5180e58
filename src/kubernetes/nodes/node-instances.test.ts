import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  endMachineNodes,
  type NodeInstanceRecord,
  type NodeReportRecord,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightings,
  ofNodegroup,
} from '../../services/eks/index.ts';
import { type EksServer, scope, startEks, type TestCluster } from '../testing/eks-server.ts';

const nodeRole = `arn:aws:iam::${scope.accountId}:role/node`;
const named = { clusterName: 'harbor', nodegroupName: 'blue' };

let server: EksServer;
/** That have joined. */
let otherMachines: readonly string[];
let cluster: TestCluster;
/** Whoever may take the role of nodes, as EC2 does for an instance. */
let ec2: EksServer['sts'];
beforeEach(async () => {
  otherMachines = [];
  server = await startEks({ otherMachines: () => otherMachines });
  cluster = await server.cluster('harbor');
  const trust = { Service: 'ec2.amazonaws.com', AWS: scope.accountId };
  await server.iam.createRole({
    RoleName: 'node',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: trust, Action: 'sts:AssumeRole' }],
    }),
  });
  await server.iam.createUser({ UserName: 'ec2' });
  await server.iam.putUserPolicy({
    ...{ UserName: 'ec2', PolicyName: 'roles' },
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
    }),
  });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ec2' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  ec2 = server.signedBy({ accessKeyId, secretAccessKey }).sts;
});
afterEach(() => server[Symbol.asyncDispose]());

const create = (more: object = {}) =>
  server.eks.createNodegroup({ ...named, nodeRole, subnets: server.subnetIds, ...more });
const status = async () => (await server.eks.describeNodegroup(named)).nodegroup;
const instances = (): readonly NodeInstanceRecord[] =>
  [...server.state.list(nodeInstances)].map(({ value }) => value);

/** As an instance's machine tells of it. */
const report = async (instance: NodeInstanceRecord, said: Pick<NodeReportRecord, 'message' | 'status'>) => {
  await server.state.transact((tx) =>
    tx.put(nodeReports, nodeReportKey(scope, instance.instanceId), {
      ...{ ...ofNodegroup(scope, instance), ...said, at: server.clock.now() },
    }),
  );
  await server.reconcilers.idle();
};

/** As whom the kubelet of an instance signs in. */
async function kubelet(instanceId: string): Promise<{ readonly authorization: string }> {
  const { Credentials } = await ec2.assumeRole({ RoleArn: nodeRole, RoleSessionName: instanceId });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = Credentials ?? {};
  const key = { accessKeyId, secretAccessKey, sessionToken: Credentials?.SessionToken ?? '' };
  return { authorization: `Bearer ${await cluster.token({ key })}` };
}

/** As a kubelet registers its node. */
async function register(instance: NodeInstanceRecord): Promise<string> {
  const { privateDnsName: name = '', availabilityZone } = instance.launched ?? {};
  const headers = await kubelet(instance.instanceId);
  const made = await cluster.call(
    'POST',
    '/api/v1/nodes',
    {
      metadata: { name, labels: instance.labels },
      spec: { providerID: `aws:///${availabilityZone}/${instance.instanceId}` },
      status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
    },
    headers,
  );
  expect(made.status, made.text).toBe(201);
  await server.reconcilers.idle();
  return name;
}

/** Every machine has room, and every kubelet registers. */
async function joinAll(): Promise<readonly string[]> {
  await server.reconcilers.idle();
  for (const instance of instances()) await report(instance, { status: 'reserved' });
  const names: string[] = [];
  for (const instance of instances()) names.push(await register(instance));
  return names;
}

const node = async (name: string) => (await cluster.call('GET', `/api/v1/nodes/${name}`)).json;

describe('a node group', () => {
  it('has instances in its subnets, and is ACTIVE once their nodes are ready', async () => {
    await create();
    await server.reconcilers.idle();
    expect(instances()).toHaveLength(2);
    const [first] = instances();
    expect(first).toMatchObject({ instanceType: 't3.medium', share: { cpu: 410, memoryMiB: 4_096 } });
    expect(first?.launched).toBeUndefined();
    const names = await joinAll();
    expect(await status()).toMatchObject({ status: 'ACTIVE', health: { issues: [] } });
    const places = new Set(instances().map(({ launched }) => launched?.subnetId));
    expect(places.size).toBe(2);
    expect(names[0]).toMatch(/^ip-172-31-\d+-\d+\.eu-west-1\.compute\.internal$/);
  });

  it('says that there is no room for an instance, and tries the next type', async () => {
    await create({ instanceTypes: ['m5.large', 't3.small'], scalingConfig: size(1, 1) });
    await server.reconcilers.idle();
    const [instance] = instances();
    if (instance === undefined) throw new Error('there is no instance');
    await report(instance, { status: 'no-room', message: '512 MiB are free.' });
    expect(await status()).toMatchObject({
      status: 'CREATING',
      health: {
        issues: [
          {
            code: 'AsgInstanceLaunchFailures',
            message: expect.stringMatching(/type m5\.large\. 512 MiB are free\. Launching/),
          },
        ],
      },
    });
    expect(instances()).toEqual([]);
  });

  it('is spread over machines, and asks the next one where there is no room', async () => {
    otherMachines = ['m-a', 'm-b'];
    await create({ scalingConfig: size(3, 3) });
    await server.reconcilers.idle();
    const machinesOf = () => instances().map(({ machineId }) => machineId ?? 'home');
    expect(machinesOf().toSorted()).toEqual(['home', 'm-a', 'm-b']);
    const onA = instances().find(({ machineId }) => machineId === 'm-a');
    if (onA === undefined) throw new Error('none is on m-a');
    await report(onA, { status: 'no-room', message: 'full' });
    const moved = () => instances().find(({ instanceId }) => instanceId === onA.instanceId);
    expect(moved()).toMatchObject({ refusedBy: ['m-a'] });
    expect(moved()).not.toHaveProperty('machineId');
    await report(onA, { status: 'no-room', message: 'full, too' });
    expect(moved()).toMatchObject({ machineId: 'm-b', refusedBy: ['m-a', 'home'] });
    // What m-b has been asked for and never answered is asked of others; for this one there is none.
    otherMachines = ['m-a'];
    await report(instances().find(({ machineId }) => machineId === undefined) ?? onA, { status: 'reserved' });
    expect(moved()).toBeUndefined();
    expect((await status())?.health?.issues).toMatchObject([
      { code: 'AsgInstanceLaunchFailures', message: expect.stringContaining('m-b is not connected') },
    ]);
  });

  it('replaces the nodes of a machine that has left', async () => {
    otherMachines = ['m-a'];
    await create();
    await joinAll();
    const lost = instances().find(({ machineId }) => machineId === 'm-a');
    expect(lost?.launched).toBeDefined();
    otherMachines = [];
    await endMachineNodes(server, 'm-a');
    await server.reconcilers.idle();
    expect((await node(lost?.launched?.privateDnsName ?? '')).code).toBe(404);
    expect(instances()).toHaveLength(2);
    expect(instances().map(({ machineId }) => machineId)).toEqual([undefined, undefined]);
  });

  it('gives nodes that are there new labels and taints', async () => {
    await create({ labels: { tier: 'front' }, scalingConfig: size(1, 1) });
    const [name = ''] = await joinAll();
    const { update } = await server.eks.updateNodegroupConfig({
      ...named,
      labels: { addOrUpdateLabels: { pier: '9' }, removeLabels: ['tier'] },
      taints: { addOrUpdateTaints: [{ key: 'dry', value: 'yes', effect: 'NO_SCHEDULE' }] },
    });
    await server.reconcilers.idle();
    const { metadata, spec } = await node(name);
    expect(metadata.labels).toMatchObject({ pier: '9', 'eks.amazonaws.com/nodegroup': 'blue' });
    expect(metadata.labels).not.toHaveProperty('tier');
    expect(spec.taints).toContainEqual({ key: 'dry', value: 'yes', effect: 'NoSchedule' });
    const found = { name: 'harbor', updateId: update?.id, nodegroupName: 'blue' };
    expect((await server.eks.describeUpdate(found)).update?.status).toBe('Successful');
  });

  it('empties the node that it gives up, and takes it out of the cluster', async () => {
    await create();
    await joinAll();
    await server.eks.updateNodegroupConfig({ ...named, scalingConfig: size(1, 1) });
    await server.reconcilers.idle();
    const ending = instances().find(({ isEnding }) => isEnding);
    if (ending?.launched === undefined) throw new Error('no instance ends');
    await report(ending, { status: 'ended' });
    expect(instances()).toHaveLength(1);
    expect((await node(ending.launched.privateDnsName)).code).toBe(404);
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
  });

  it('waits for pods that their disruption budget keeps, and lets those of DaemonSets be', async () => {
    await create({ scalingConfig: size(1, 1) });
    const [nodeName = ''] = await joinAll();
    const post = async (path: string, body: object) => {
      const { status: code, text } = await cluster.call('POST', path, body);
      expect(code, text).toBe(201);
    };
    const pods = '/api/v1/namespaces/default/pods';
    const spec = {
      nodeName,
      containers: [{ name: 'main', image: 'x' }],
      automountServiceAccountToken: false,
    };
    await server.reconcilers.idle();
    await post(pods, { metadata: { name: 'web', labels: { app: 'web' } }, spec });
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'log', uid: 'u', controller: true };
    await post(pods, { metadata: { name: 'log', ownerReferences: [owner] }, spec });
    const running = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    await cluster.call('PATCH', `${pods}/web/status`, running, {
      'content-type': 'application/merge-patch+json',
    });
    await post('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
      metadata: { name: 'web' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await server.reconcilers.idle();
    await server.eks.updateNodegroupConfig({ ...named, scalingConfig: size(0, 1) });
    const sighting = () => [...server.state.list(nodeSightings)][0]?.value;
    await vi.waitFor(() => expect(sighting()?.stuckPods).toEqual(['default/web']));
    expect((await node(nodeName)).spec.unschedulable).toBe(true);
    expect(instances()[0]).not.toHaveProperty('isEnding');
    await cluster.call('DELETE', `${pods}/web?gracePeriodSeconds=0`);
    await vi.waitFor(() => expect(instances()[0]?.isEnding).toBe(true), { timeout: 10_000 });
  });

  it('leaves a node as somebody else has marked it for load balancers', async () => {
    await create({ scalingConfig: size(1, 1) });
    const [nodeName = ''] = await joinAll();
    await server.reconcilers.idle();
    const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const mark = (mine: string) =>
      cluster.call(
        ...(['PATCH', `/api/v1/nodes/${nodeName}`] as const),
        { metadata: { labels: { [label]: 'true', mine } } },
        { 'content-type': 'application/merge-patch+json' },
      );
    await mark('one');
    await server.reconcilers.idle();
    await mark('two');
    await server.reconcilers.idle();
    expect((await node(nodeName)).metadata.labels).toMatchObject({ [label]: 'true', mine: 'two' });
  });

  it('goes at once with an instance whose node has never joined', async () => {
    await create({ scalingConfig: size(1, 1) });
    await server.reconcilers.idle();
    for (const instance of instances()) await report(instance, { status: 'reserved' });
    expect(instances()[0]?.launched).toBeDefined();
    await server.eks.deleteNodegroup(named);
    await vi.waitFor(() => expect(instances()[0]?.isEnding).toBe(true));
    for (const instance of instances()) await report(instance, { status: 'ended' });
    await expect(status()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('goes after its nodes, and takes its entry along', async () => {
    await create({ scalingConfig: size(1, 1) });
    await joinAll();
    await server.eks.deleteNodegroup(named);
    await server.reconcilers.idle();
    for (const instance of instances()) await report(instance, { status: 'ended' });
    await expect(status()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const { accessEntries } = await server.eks.listAccessEntries({ clusterName: 'harbor' });
    expect(accessEntries).not.toContain(nodeRole);
    expect(instances()).toEqual([]);
    expect(server.troubles()).toEqual([]);
  });
});

it('lets nodes into clusters that look at aws-auth by a row of their role, beside others', async () => {
  const bay = await server.cluster('bay', { accessConfig: { authenticationMode: 'CONFIG_MAP' } });
  const other = '- rolearn: arn:aws:iam::111122223333:role/deploy\n  username: deploy\n';
  const path = '/api/v1/namespaces/kube-system/configmaps';
  await bay.call('POST', path, { metadata: { name: 'aws-auth' }, data: { mapRoles: other } });
  const inBay = { clusterName: 'bay', nodegroupName: 'blue' };
  const scalingConfig = size(0, 1);
  await server.eks.createNodegroup({ ...inBay, nodeRole, subnets: server.subnetIds, scalingConfig });
  await server.reconcilers.idle();
  const rows = async () => (await bay.call('GET', `${path}/aws-auth`)).json.data.mapRoles;
  expect(await rows()).toContain('role/deploy');
  expect(await rows()).toContain(
    `- groups:\n    - system:bootstrappers\n    - system:nodes\n  rolearn: ${nodeRole}\n  username: system:node:{{EC2PrivateDNSName}}\n`,
  );
  await server.eks.deleteNodegroup(inBay);
  await server.reconcilers.idle();
  expect(await rows()).not.toContain(nodeRole);
  expect(await rows()).toContain('role/deploy');
});

describe('a node', () => {
  it('reads only what its own pods use', async () => {
    await create();
    const [mine = '', other = ''] = await joinAll();
    await cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'app' } });
    for (const [name, nodeName] of [
      ['mine', mine],
      ['other', other],
    ] as const) {
      await cluster.call('POST', '/api/v1/namespaces/default/secrets', { metadata: { name } });
      const made = await cluster.call('POST', '/api/v1/namespaces/default/pods', {
        metadata: { name },
        spec: {
          ...{ nodeName, serviceAccountName: 'app', automountServiceAccountToken: false },
          containers: [{ name: 'main', image: 'x', envFrom: [{ secretRef: { name } }] }],
        },
      });
      expect(made.status, made.text).toBe(201);
    }
    const instance = instances().find(({ launched }) => launched?.privateDnsName === mine);
    const headers = await kubelet(instance?.instanceId ?? '');
    const get = async (path: string) => (await cluster.call('GET', path, undefined, headers)).status;
    const secrets = '/api/v1/namespaces/default/secrets';
    expect(await Promise.all([`${secrets}/mine`, `${secrets}/other`, secrets].map(get))).toEqual([
      200, 403, 403,
    ]);
    const token = await cluster.call(
      'POST',
      '/api/v1/namespaces/default/serviceaccounts/default/token',
      { spec: {} },
      headers,
    );
    expect(token.status).toBe(403);
    expect(await get('/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3D' + mine)).toBe(200);
    expect(await get('/apis/apps/v1/deployments')).toBe(403);
  });

  it('is nobody by the session of an instance that is none', async () => {
    await create({ scalingConfig: size(0, 1) });
    await server.reconcilers.idle();
    const headers = await kubelet('i-0123456789abcdef0');
    expect((await cluster.call('GET', '/api/v1/nodes', undefined, headers)).status).toBe(401);
  });
});

function size(desiredSize: number, maxSize: number) {
  return { minSize: 0, maxSize, desiredSize };
}
