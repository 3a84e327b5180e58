import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from '../testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
let namespaces = 0;

beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

/** A node that is ready, in a cluster of its own. */
const node = (name: string, more: { labels?: object; taints?: object[]; allocatable?: object } = {}) => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
  spec: { taints: more.taints ?? [] },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...more.allocatable } },
});

async function call(method: string, path: string, body?: object, headers?: Record<string, string>) {
  const answer = await cluster.call(method, path, body, headers);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.json;
}

/** As a kubelet would: it is there, and then it is ready. */
async function addNode(...of: Parameters<typeof node>): Promise<void> {
  const { status, ...wanted } = node(...of);
  await call('POST', '/api/v1/nodes', wanted);
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
  await call(
    ...(['PATCH', `/api/v1/nodes/${wanted.metadata.name}/status`] as const),
    ...([{ status: { ...status, conditions } }, { 'content-type': 'application/merge-patch+json' }] as const),
  );
}

async function newNamespace(): Promise<string> {
  const name = `place-${++namespaces}`;
  await call('POST', '/api/v1/namespaces', { metadata: { name } });
  await settled();
  return name;
}

async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const before = await server.store.revision();
    await server.reconcilers.idle();
    quiet = (await server.store.revision()) === before ? quiet + 1 : 0;
  }
}

const pod = (name: string, spec: object = {}, requests: object = { cpu: '1' }) => ({
  metadata: { name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1', resources: { requests } }], ...spec },
});

describe('the scheduler', () => {
  it('binds a pod to a node with room, and says so', async () => {
    await addNode('n1');
    const namespace = await newNamespace();
    await call('POST', `/api/v1/namespaces/${namespace}/pods`, pod('web'));
    await settled();
    const placed = await call('GET', `/api/v1/namespaces/${namespace}/pods/web`);
    expect(placed.spec.nodeName).toBe('n1');
    expect(placed.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    const { items } = await call('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    expect(items).toMatchObject([
      {
        ...{ reason: 'Scheduled', type: 'Normal', reportingController: 'default-scheduler' },
        note: `Successfully assigned ${namespace}/web to n1`,
      },
    ]);
  });

  it('says why a pod has no node, and gives it one when that changes', async () => {
    await addNode('n2', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] });
    const namespace = await newNamespace();
    await call('POST', `/api/v1/namespaces/${namespace}/pods`, pod('big', {}, { cpu: '3500m' }));
    await settled();
    const waiting = await call('GET', `/api/v1/namespaces/${namespace}/pods/big`);
    expect(waiting.spec.nodeName).toBeUndefined();
    expect(waiting.status.conditions).toMatchObject([
      {
        ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
        message: expect.stringMatching(
          /^0\/2 nodes are available: 1 Insufficient cpu, 1 node\(s\) had untolerated taint/,
        ),
      },
    ]);
    await addNode('n3');
    await settled();
    const placed = await call('GET', `/api/v1/namespaces/${namespace}/pods/big`);
    expect(placed.spec.nodeName).toBe('n3');
  });

  it('leaves pods of other schedulers alone, and those at a gate until it opens', async () => {
    const namespace = await newNamespace();
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await call('POST', path, pod('other', { schedulerName: 'mine' }, {}));
    const made = await call(
      'POST',
      path,
      pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }, {}),
    );
    expect(made.status.conditions).toMatchObject([
      {
        ...{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]);
    await settled();
    for (const name of ['other', 'gated'])
      expect((await call('GET', `${path}/${name}`)).spec.nodeName).toBeUndefined();
    const { schedulingGates: _, ...spec } = made.spec;
    await call('PUT', `${path}/gated`, { ...made, spec });
    await settled();
    expect((await call('GET', `${path}/gated`)).spec.nodeName).toBeDefined();
  });
});

describe('preemption', () => {
  it('takes less important pods off a node for a pod that fits nowhere else', async () => {
    await call('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
      ...{ metadata: { name: 'high' }, value: 1_000 },
    });
    await call('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
      ...{ metadata: { name: 'polite' }, value: 1_000, preemptionPolicy: 'Never' },
    });
    const namespace = await newNamespace();
    await addNode('big', { labels: { size: 'big' }, allocatable: { cpu: '16' } });
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const nodeSelector = { size: 'big' };
    for (const name of ['low-1', 'low-2'])
      await call('POST', path, pod(name, { nodeSelector }, { cpu: '7' }));
    await settled();
    const wanted = { nodeSelector, priorityClassName: 'polite' };
    await call('POST', path, pod('polite', wanted, { cpu: '8' }));
    await settled();
    const polite = await call('GET', `${path}/polite`);
    expect(polite.status.conditions[0].message).toMatch(
      /1 Insufficient cpu, \d node\(s\) .*\. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never\.$/,
    );
    await call('DELETE', `${path}/polite`);
    await call('POST', path, pod('high', { ...wanted, priorityClassName: 'high' }, { cpu: '8' }));
    await settled();
    const high = await call('GET', `${path}/high`);
    expect(high.status.nominatedNodeName).toBe('big');
    const { items } = await call('GET', path);
    const going = items.filter((it: Leaving) => it.metadata.deletionTimestamp !== undefined);
    expect(going).toHaveLength(1);
    expect(going[0].status.conditions).toContainEqual(
      expect.objectContaining({
        ...{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' },
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      }),
    );
    const { name } = going[0].metadata;
    await call('DELETE', `${path}/${name}?gracePeriodSeconds=0`);
    await settled();
    const placed = await call('GET', `${path}/high`);
    expect(placed.spec.nodeName).toBe('big');
    expect(placed.status.nominatedNodeName).toBeUndefined();
    const events = await call('GET', `/api/v1/namespaces/${namespace}/events`);
    expect(events.items).toContainEqual(
      expect.objectContaining({
        ...{ reason: 'Preempted', message: `Preempted by pod ${high.metadata.uid} on node big` },
        involvedObject: expect.objectContaining({ name }),
      }),
    );
  });
});

interface Leaving {
  readonly metadata: { readonly deletionTimestamp?: string };
}

describe('volumes', () => {
  const claim = (name: string, storageClassName: string) => ({
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } },
  });
  const using = (claimName: string) => ({
    nodeSelector: { disks: 'yes' },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  });

  it('has a volume made for the node, and binds when it is there', async () => {
    await addNode('disks', { labels: { disks: 'yes' } });
    await call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
      ...{ metadata: { name: 'later' }, provisioner: 'example.com/disks' },
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    const namespace = await newNamespace();
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await call('POST', path, pod('stores', using('data'), {}));
    await settled();
    expect((await call('GET', `${path}/stores`)).status.conditions[0].message).toMatch(
      /^0\/\d nodes are available: persistentvolumeclaim "data" not found\. no new claims to deallocate, preemption: 0\/\d nodes are available: \d Preemption is not helpful for scheduling\.$/,
    );
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    await call('POST', claims, claim('data', 'later'));
    await settled();
    const chosen = await call('GET', `${claims}/data`);
    expect(chosen.metadata.annotations['volume.kubernetes.io/selected-node']).toBe('disks');
    expect((await call('GET', `${path}/stores`)).spec.nodeName).toBeUndefined();
    await call('POST', '/api/v1/persistentvolumes', {
      metadata: { name: `${namespace}-data` },
      spec: {
        ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'later' },
        ...{ hostPath: { path: '/data' }, claimRef: { namespace, name: 'data', uid: chosen.metadata.uid } },
      },
    });
    await settled();
    expect((await call('GET', `${path}/stores`)).spec.nodeName).toBe('disks');
  });

  it('gives a claim the smallest volume that its node reaches', async () => {
    await call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
      ...{ metadata: { name: 'by-hand' }, provisioner: 'kubernetes.io/no-provisioner' },
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    const volume = (name: string, storage: string, host: string) =>
      call('POST', '/api/v1/persistentvolumes', {
        metadata: { name },
        spec: {
          ...{ capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'by-hand' },
          local: { path: `/mnt/${name}` },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }] },
              ],
            },
          },
        },
      });
    await volume('elsewhere', '1Gi', 'n1');
    await volume('large', '9Gi', 'disks');
    await volume('small', '2Gi', 'disks');
    const namespace = await newNamespace();
    const path = `/api/v1/namespaces/${namespace}`;
    await call('POST', `${path}/persistentvolumeclaims`, claim('data', 'by-hand'));
    await call('POST', `${path}/pods`, pod('stores', using('data'), {}));
    await settled();
    expect((await call('GET', `${path}/pods/stores`)).spec.nodeName).toBe('disks');
    const bound = await call('GET', `${path}/persistentvolumeclaims/data`);
    expect(bound).toMatchObject({ spec: { volumeName: 'small' }, status: { phase: 'Bound' } });
  });

  it('waits for a claim that is bound without a pod', async () => {
    await call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
      ...{ metadata: { name: 'at-once' }, provisioner: 'example.com/disks' },
    });
    const namespace = await newNamespace();
    const path = `/api/v1/namespaces/${namespace}`;
    await call('POST', `${path}/persistentvolumeclaims`, claim('data', 'at-once'));
    await call('POST', `${path}/pods`, pod('stores', using('data'), {}));
    await settled();
    expect((await call('GET', `${path}/pods/stores`)).status.conditions[0].message).toMatch(
      /nodes are available: pod has unbound immediate PersistentVolumeClaims\./,
    );
  });
});
