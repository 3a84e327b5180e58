import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';

let nodes: TestNodes;
beforeAll(async () => {
  nodes = await TestNodes.open();
});
afterAll(() => nodes[Symbol.asyncDispose]());

const path = `/api/v1/nodes/${testNode.name}`;
const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${testNode.name}`;
const seen = async (at = path) => (await nodes.cluster.call('GET', at)).json;

/** @throws {Error} with what is there instead, after fifty seconds. */
async function until(what: string, holds: (json: Awaited<ReturnType<typeof seen>>) => boolean, at = path) {
  for (let tries = 0; tries < 2_500; tries++) {
    const json = await seen(at);
    if (holds(json)) return json;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Not seen: ${what}; instead: ${JSON.stringify(await seen(at))}`);
}

const settings = { statusCheckMs: 20, leaseRenewMs: 20 };

describe('a kubelet', () => {
  it('registers its node, ready, with what an EKS node says of itself', async () => {
    const taints = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] as const;
    await using node = new TestNode(await nodes.access(testNode.name), { taints });
    await node.start({ settings });
    const { metadata, spec, status } = await seen();
    expect(metadata.labels).toMatchObject({
      'kubernetes.io/hostname': testNode.name,
      'kubernetes.io/arch': 'amd64',
      'node.kubernetes.io/instance-type': 'm5.large',
      'topology.kubernetes.io/zone': 'eu-west-1a',
      'eks.amazonaws.com/nodegroup': 'blue',
    });
    expect(spec.providerID).toBe('aws:///eu-west-1a/i-0123456789abcdef0');
    expect(spec.taints).toContainEqual(taints[0]);
    expect(status.allocatable).toMatchObject({ cpu: '1930m', memory: '7518Mi', pods: '29' });
    expect(status.addresses).toEqual([
      { type: 'InternalIP', address: '10.0.1.7' },
      { type: 'ExternalIP', address: '127.0.0.1' },
      { type: 'InternalDNS', address: testNode.name },
      { type: 'Hostname', address: testNode.name },
    ]);
    expect(status.nodeInfo).toMatchObject({
      ...{ operatingSystem: 'linux', architecture: 'amd64', containerRuntimeVersion: 'sim://1' },
      kubeletVersion: expect.stringMatching(/^v1\.\d+\.0-eks-/),
    });
    const said = status.conditions.map(({ type, status: is, reason }: Record<string, string>) => [
      type,
      is,
      reason,
    ]);
    expect(said).toEqual([
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', expect.anything(), expect.anything()],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ]);
  });

  it('renews the lease, which the node owns', async () => {
    await using node = new TestNode(await nodes.access(testNode.name));
    await node.start({ settings });
    const { spec, metadata } = await until('lease', ({ kind }) => kind === 'Lease', lease);
    expect(spec).toMatchObject({ holderIdentity: testNode.name, leaseDurationSeconds: 40 });
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: testNode.name }]);
    await until('a renewal', (json) => json.spec.renewTime > spec.renewTime, lease);
  });

  it('tells by events what has become of its node, and nothing while it is the same', async () => {
    const name = 'ip-10-0-1-10.eu-west-1.compute.internal';
    await using node = new TestNode(await nodes.access(name), { name });
    await node.start({ settings: { ...settings, statusReportMs: 20 } });
    type Told = { readonly reason: string; readonly message: string; readonly count: number };
    const about = `?fieldSelector=involvedObject.name=${name},source=kubelet`;
    const told = async (what: string, holds: (events: readonly Told[]) => boolean) => {
      const { items } = await until(what, (json) => holds(json.items), `/api/v1/events${about}`);
      return items.map(({ reason, count }: Told) => [reason, count]);
    };
    const has = (wanted: string, times: number) => (events: readonly Told[]) =>
      events.some(({ reason, count }) => reason === wanted && count === times);
    expect(await told('that it is ready', has('NodeReady', 1))).toEqual([
      ['Starting', 1],
      ['NodeHasSufficientMemory', 1],
      [expect.stringMatching(/^NodeHas(No)?DiskPressure$/), 1],
      ['NodeHasSufficientPID', 1],
      ['NodeReady', 1],
    ]);
    node.machine.engine.stop();
    await told('that it is not', has('NodeNotReady', 1));
    node.machine.engine.start();
    expect(await told('that it is again', has('NodeReady', 2))).toHaveLength(6);
  });

  it('says that it is not ready while its container engine is away, and again when it is back', async () => {
    await using node = new TestNode(await nodes.access(testNode.name));
    await node.start({ settings });
    const ready = (json: Awaited<ReturnType<typeof seen>>) =>
      json.status.conditions.find(({ type }: { type: string }) => type === 'Ready');
    node.machine.engine.stop();
    const away = await until('not ready', (json) => ready(json).status === 'False');
    expect(ready(away)).toMatchObject({ reason: 'KubeletNotReady', message: 'container runtime is down' });
    node.machine.engine.start();
    await until('ready', (json) => ready(json).status === 'True');
  });

  it('writes its status only when it says something new, and takes up a node that is there', async () => {
    const access = await nodes.access(testNode.name);
    await using node = new TestNode(access, { labels: { 'eks.amazonaws.com/nodegroup': 'green' } });
    await node.start({ settings: { ...settings, statusReportMs: 60_000 } });
    const first = await until(
      'green',
      (json) => json.metadata.labels['eks.amazonaws.com/nodegroup'] === 'green',
    );
    const renewed = await seen(lease);
    await until('renewals', (json) => json.spec.renewTime > renewed.spec.renewTime, lease);
    const heartbeat = (json: typeof first) => json.status.conditions.at(-1).lastHeartbeatTime;
    const { metadata } = await until('a first report', (json) => heartbeat(json) >= heartbeat(first));
    expect(metadata.uid).toBe(first.metadata.uid);
    await node.start({ settings, node: { ...node.description, labels: { extra: 'yes' } } });
    await until('new label', (json) => json.metadata.labels.extra === 'yes');
  });

  it('lets pods have all of what others tell of the node in its capacity', async () => {
    const name = 'ip-10-0-1-9.eu-west-1.compute.internal';
    const own = `/api/v1/nodes/${name}`;
    await using node = new TestNode(await nodes.access(name), { name });
    await node.start({ settings });
    const { status } = await until('the node', ({ kind }) => kind === 'Node', own);
    await nodes.cluster.call(
      'PATCH',
      `${own}/status`,
      { status: { capacity: { 'example.com/berths': '2' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const told = await until('berths', (json) => json.status.allocatable['example.com/berths'] === '2', own);
    expect(told.status.allocatable).toEqual({ ...status.allocatable, 'example.com/berths': '2' });
  });

  it('tells which CSI driver it has, beside those of others, at every start', async () => {
    const name = 'ip-10-0-1-8.eu-west-1.compute.internal';
    const csiNode = `/apis/storage.k8s.io/v1/csinodes/${name}`;
    const unused = async () => {};
    const localDriver = {
      ...{ name: 'own.example.com', clusterId: 'c', topologyKeys: ['example.com/machine'] },
      volumes: {
        ...{ publish: unused, release: unused, growFileSystem: async () => true },
        onGrown: () => ({ [Symbol.dispose]: () => {} }),
      },
    };
    await using node = new TestNode(await nodes.access(name), { name });
    await node.start({ settings, localDriver });
    const own = {
      name: 'own.example.com',
      nodeID: testNode.instanceId,
      topologyKeys: ['example.com/machine'],
    };
    const first = await until('its driver', ({ spec }) => spec?.drivers.length === 1, csiNode);
    expect(first.spec.drivers).toEqual([own]);
    expect(first.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name }]);
    const other = { name: 'other.example.com', nodeID: 'x' };
    const patch = { 'content-type': 'application/merge-patch+json' };
    await nodes.cluster.call(
      'PATCH',
      csiNode,
      { spec: { drivers: [other, { ...own, nodeID: 'before' }] } },
      patch,
    );
    await node.restart({ settings, localDriver });
    const isOwn = ({ nodeID }: { readonly nodeID: string }) => nodeID === testNode.instanceId;
    const next = await until('its driver again', ({ spec }) => spec.drivers.some(isOwn), csiNode);
    expect(next.spec.drivers).toEqual([other, own]);
  });
});
