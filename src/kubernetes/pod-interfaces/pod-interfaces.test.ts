import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { trunkOf } from '../../services/ec2/index.ts';
import {
  type NodeInstanceRecord,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  ofNodegroup,
  providerIdOf,
} from '../../services/eks/index.ts';
import { type EksServer, scope, startEks, type TestCluster } from '../testing/eks-server.ts';

const sgPath = '/apis/vpcresources.k8s.aws/v1beta1/namespaces/default/securitygrouppolicies';
const pods = '/api/v1/namespaces/default/pods';
const podEni = 'vpc.amazonaws.com/pod-eni';
const named = { clusterName: 'harbor', nodegroupName: 'blue' };

let server: EksServer;
let cluster: TestCluster;
let groupId: string;
beforeEach(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
  await server.iam.createRole({
    RoleName: 'node',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  });
  const { Vpcs = [] } = await server.ask('ec2', 'DescribeVpcs', {});
  const made = await server.ask('ec2', 'CreateSecurityGroup', {
    ...{ GroupName: 'db', Description: 'of the database', VpcId: Vpcs[0]?.VpcId },
  });
  groupId = made.GroupId ?? '';
  await vi.waitFor(async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    expect((await cluster.call('GET', path)).status).toBe(200);
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const soon = <T>(probe: () => Promise<T> | T): Promise<T> => vi.waitFor(probe, { timeout: 20_000 });
const put = async (path: string, body: object, status = 201) => {
  const answer = await cluster.call('POST', path, body);
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};
const policy = (spec: object, name = 'db') =>
  put(sgPath, {
    ...{ apiVersion: 'vpcresources.k8s.aws/v1beta1', kind: 'SecurityGroupPolicy', metadata: { name } },
    spec: { securityGroups: { groupIds: [groupId] }, ...spec },
  });
const createPod = (name: string, labels: object = {}, more: object = {}, metadata: object = {}) =>
  put(pods, {
    metadata: { name, labels, ...metadata },
    spec: { containers: [{ name: 'main', image: 'x' }], automountServiceAccountToken: false, ...more },
  });
const pod = async (name: string) => (await cluster.call('GET', `${pods}/${name}`)).json;
const configure = async (configurationValues: string) => {
  const asked = { clusterName: 'harbor', addonName: 'vpc-cni', configurationValues };
  await server.eks.createAddon(asked).catch(() => server.eks.updateAddon(asked));
  await server.reconcilers.idle();
};
const interfaces = async (description: string) => {
  const Filters = [{ Name: 'description', Values: [description] }];
  return (await server.ask('ec2', 'DescribeNetworkInterfaces', { Filters })).NetworkInterfaces ?? [];
};
const instance = (): NodeInstanceRecord => {
  const [found] = [...server.state.list(nodeInstances)].map(({ value }) => value);
  return found ?? expect.fail('no instance');
};

/** A node of the type, registered. */
async function node(type: string): Promise<string> {
  await server.eks.createNodegroup({
    ...{ ...named, nodeRole: `arn:aws:iam::${scope.accountId}:role/node`, subnets: server.subnetIds },
    ...{ instanceTypes: [type], scalingConfig: { minSize: 1, maxSize: 1, desiredSize: 1 } },
  });
  await server.reconcilers.idle();
  await server.state.transact((tx) =>
    tx.put(nodeReports, nodeReportKey(scope, instance().instanceId), {
      ...{ ...ofNodegroup(scope, instance()), status: 'reserved', at: server.clock.now() },
    }),
  );
  await server.reconcilers.idle();
  const name = instance().launched?.privateDnsName ?? '';
  await put('/api/v1/nodes', {
    metadata: { name, labels: instance().labels },
    spec: { providerID: providerIdOf(instance()) },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      ...{ capacity: { cpu: '1', pods: '8' }, allocatable: { cpu: '1', pods: '8' } },
    },
  });
  await server.reconcilers.idle();
  return name;
}
const allocatable = async (name: string): Promise<Readonly<Record<string, string>>> =>
  (await cluster.call('GET', `/api/v1/nodes/${name}`)).json.status.allocatable;

describe('a SecurityGroupPolicy', () => {
  it('is of a kind that every cluster has, with 1 to 5 groups', async () => {
    await policy({ podSelector: {} });
    const spec = { podSelector: {}, securityGroups: { groupIds: [] } };
    const body = {
      apiVersion: 'vpcresources.k8s.aws/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: 'x' },
    };
    await put(sgPath, { ...body, spec }, 422);
    await put(sgPath, { ...body, spec: { securityGroups: { groupIds: Array(6).fill(groupId) } } }, 422);
    expect((await cluster.call('GET', '/apis/vpcresources.k8s.aws/v1alpha1/cninodes')).status).toBe(200);
  });

  it.each([
    ['labels of the pod', { podSelector: { matchLabels: { app: 'db' } } }, ['db', 'db-kept']],
    [
      'expressions',
      { podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } },
      ['db', 'db-kept', 'web'],
    ],
    ['everybody', { podSelector: {} }, ['db', 'db-kept', 'none', 'web']],
    [
      'labels of the ServiceAccount',
      { serviceAccountSelector: { matchLabels: { kept: 'yes' } } },
      ['db-kept'],
    ],
    [
      'both',
      {
        podSelector: { matchLabels: { app: 'web' } },
        serviceAccountSelector: { matchLabels: { kept: 'yes' } },
      },
      [],
    ],
    ['nobody', {}, []],
  ])('selects pods by %s', async (_, spec, selected) => {
    await put('/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: 'keeper', labels: { kept: 'yes' } },
    });
    await policy(spec);
    await createPod('db', { app: 'db' });
    await createPod('db-kept', { app: 'db' }, { serviceAccountName: 'keeper' });
    await createPod('web', { app: 'web' });
    await createPod('none');
    await createPod('host', { app: 'db' }, { hostNetwork: true });
    const asking: string[] = [];
    for (const name of ['db', 'db-kept', 'none', 'web', 'host']) {
      const { resources } = (await pod(name)).spec.containers[0];
      if (resources.limits?.[podEni] === '1' && resources.requests?.[podEni] === '1') asking.push(name);
    }
    expect(asking).toEqual(selected);
  });

  it('selects with others for at most five groups', async () => {
    const groupIds = Array.from({ length: 4 }, (_, at) => `sg-0000000000000000${at}`);
    await policy({ podSelector: {}, securityGroups: { groupIds } }, 'one');
    await policy({ podSelector: {}, securityGroups: { groupIds: [groupId, 'sg-00000000000000009'] } }, 'two');
    const refused = await put(
      pods,
      { metadata: { name: 'x' }, spec: { containers: [{ name: 'x', image: 'x' }] } },
      403,
    );
    expect(refused.message).toBe(
      'admission webhook "mpod.vpc.k8s.aws" denied the request: Exceed security group quota, rejecting event',
    );
  });

  it('gives nobody the say which interface a pod has', async () => {
    const denied = 'admission webhook "vpod.vpc.k8s.aws" denied the request: ';
    const body = {
      metadata: { name: 'x', annotations: { [podEni]: '[]' } },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    };
    expect((await put(pods, body, 403)).message).toBe(
      `${denied}pod cannot be created with ${podEni} annotation`,
    );
    await createPod('y');
    const patch = (annotations: object) =>
      cluster.call(
        'PATCH',
        `${pods}/y`,
        { metadata: { annotations } },
        { 'content-type': 'application/merge-patch+json' },
      );
    expect((await patch({ [podEni]: '[]' })).json.message).toBe(
      `${denied}annotation is not set by vpc-resource-controller`,
    );
    expect((await patch({ 'fargate.amazonaws.com/pod-sg': groupId })).json.message).toBe(
      `${denied}annotation is not set by mutating webhook`,
    );
    expect((await patch({ other: 'yes' })).status).toBe(200);
  });
});

describe('a node', () => {
  it('has a trunk interface where the add-on says so, and tells how many pods may have theirs', async () => {
    const name = await node('m7a.medium');
    expect(await interfaces('aws-k8s-trunk-eni')).toEqual([]);
    expect(await allocatable(name)).toEqual({ cpu: '1', pods: '8' });
    await configure('{"env":{"ENABLE_POD_ENI":"true"}}');
    await soon(async () => expect(await allocatable(name)).toEqual({ cpu: '1', pods: '8', [podEni]: '4' }));
    expect(await interfaces('aws-k8s-trunk-eni')).toMatchObject([
      {
        ...{ InterfaceType: 'trunk', Status: 'in-use', SubnetId: instance().launched?.subnetId },
        Attachment: { InstanceId: instance().instanceId, DeviceIndex: 1, DeleteOnTermination: true },
        TagSet: expect.arrayContaining([{ Key: 'eks:eni:owner', Value: 'eks-vpc-resource-controller' }]),
      },
    ]);
    const path = `/apis/vpcresources.k8s.aws/v1alpha1/cninodes/${name}`;
    await soon(async () =>
      expect((await cluster.call('GET', path)).json.spec).toEqual({
        features: [{ name: 'SecurityGroupsForPods' }],
      }),
    );
    await configure('{}');
    await soon(async () => expect(await allocatable(name)).toEqual({ cpu: '1', pods: '8' }));
  });

  it('of a type without trunks has none', async () => {
    await configure('{"env":{"ENABLE_POD_ENI":"true"}}');
    const name = await node('t3.medium');
    expect(await allocatable(name)).toEqual({ cpu: '1', pods: '8' });
    expect(await interfaces('aws-k8s-trunk-eni')).toEqual([]);
  });
});

describe('a pod that asks for an interface', () => {
  const events = async (): Promise<readonly string[]> =>
    (await cluster.call('GET', '/api/v1/namespaces/default/events')).json.items
      .filter(
        (it: { readonly source: { readonly component: string } }) =>
          it.source.component === 'vpc-resource-controller',
      )
      .map((it: { readonly reason: string; readonly message: string }) => `${it.reason}: ${it.message}`);
  const told = (name: string) =>
    soon(async () => {
      const text = (await pod(name)).metadata.annotations?.[podEni];
      if (text === undefined) throw new Error(`${name} is told of none`);
      return JSON.parse(text)[0];
    });

  it('has one in its groups and its node’s subnet, is told of it, and gives it back', async () => {
    await configure('{"env":{"ENABLE_POD_ENI":"true"}}');
    const nodeName = await node('m7a.medium');
    await soon(async () => expect((await allocatable(nodeName))[podEni]).toBe('4'));
    await policy({ podSelector: { matchLabels: { app: 'db' } } });
    await createPod('db', { app: 'db' }, { nodeName });
    await createPod('db2', { app: 'db' }, { nodeName });
    const [first, second] = [await told('db'), await told('db2')];
    const found = await interfaces('aws-k8s-branch-eni');
    expect(found).toHaveLength(2);
    const own = found.find(({ NetworkInterfaceId }) => NetworkInterfaceId === first.eniId);
    expect(own).toMatchObject({
      ...{ InterfaceType: 'branch', Status: 'in-use', SubnetId: instance().launched?.subnetId },
      Groups: [{ GroupId: groupId, GroupName: 'db' }],
      ...{ PrivateIpAddress: first.privateIp, MacAddress: first.ifAddress },
    });
    const trunk = trunkOf(server.state, scope, instance().instanceId);
    const tags = Object.fromEntries((own?.TagSet ?? []).map(({ Key, Value }) => [Key, Value]));
    expect(tags).toMatchObject({
      'vpcresources.k8s.aws/trunk-eni-id': trunk?.id,
      'vpcresources.k8s.aws/vlan-id': String(first.vlanId),
      'kubernetes.io/cluster/harbor': 'owned',
    });
    expect([first.vlanId, second.vlanId].toSorted()).toEqual([1, 2]);
    await soon(async () =>
      expect(await events()).toEqual(
        expect.arrayContaining([
          `SecurityGroupRequested: Pod will get the following Security Groups [${groupId}]`,
          `ResourceAllocated: Allocated ${JSON.stringify([first])} to the pod`,
        ]),
      ),
    );
    // It is somebody's: nobody else takes it away.
    await expect(
      server.ask('ec2', 'DeleteNetworkInterface', { NetworkInterfaceId: first.eniId }),
    ).rejects.toThrow();
  });

  it('waits, and says why, where its group is not there', async () => {
    await configure('{"env":{"ENABLE_POD_ENI":"true"}}');
    const nodeName = await node('m7a.medium');
    await policy({ podSelector: {}, securityGroups: { groupIds: ['sg-0123456789abcdef0'] } });
    await createPod('db', {}, { nodeName });
    await soon(async () =>
      expect(await events()).toContainEqual(
        expect.stringMatching(
          /^BranchAllocationFailed: failed to allocate branch ENI to pod: creating network interface, InvalidGroup\.NotFound: /,
        ),
      ),
    );
    expect(await interfaces('aws-k8s-branch-eni')).toEqual([]);
  });

  it('leaves nothing behind when its node has gone', async () => {
    await configure('{"env":{"ENABLE_POD_ENI":"true"}}');
    const nodeName = await node('m7a.medium');
    await policy({ podSelector: {} });
    await createPod('db', {}, { nodeName });
    await told('db');
    await cluster.call('DELETE', `${pods}/db?gracePeriodSeconds=0`);
    await server.reconcilers.idle();
    // It rests, for nobody else is to have its address at once.
    expect(await interfaces('aws-k8s-branch-eni')).toHaveLength(1);
    await createPod('other', {}, { nodeName });
    await told('other');
    await cluster.call('DELETE', `${pods}/other?gracePeriodSeconds=0`);
    await server.eks.deleteNodegroup(named);
    await server.reconcilers.idle();
  });
});
