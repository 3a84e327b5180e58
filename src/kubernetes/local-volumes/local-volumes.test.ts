import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { type Reconcilers, startReconcilers } from '../../reconcile/index.ts';
import { type Namespace, openWorkloads, type Workloads } from '../controllers/testing/workloads.ts';
import { localDriver, machineLabel } from './names.ts';
import { localVolumes } from './records.ts';
import { FakeMachine } from './testing/fake-machine.ts';

const GiB = 1_024 ** 3;
let work: Workloads;
let machine: FakeMachine;
let following: Reconcilers;
beforeAll(async () => {
  work = await openWorkloads();
  machine = new FakeMachine('m1');
  following = follow();
  await work.cluster.call('POST', '/api/v1/nodes', {
    metadata: { name: 'n1', labels: { [machineLabel]: 'm1' } },
  });
});
afterAll(async () => {
  await following.stop();
  await work[Symbol.asyncDispose]();
});
beforeEach(() => {
  machine.capacityBytes = Number.MAX_SAFE_INTEGER;
});

function follow(): Reconcilers {
  const { state, store, clock } = work.server;
  return startReconcilers({
    ...{ state, store, clock, random: seededRandom(1), log: recordingLog() },
    reconcilers: [machine.reconciler(state)],
  });
}

const classPath = '/apis/storage.k8s.io/v1/storageclasses';
const volumePath = '/api/v1/persistentvolumes';
const patch = { 'content-type': 'application/merge-patch+json' };
const selected = { 'volume.kubernetes.io/selected-node': 'n1' };

/** Until neither controllers nor the machine have anything to do. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const before = await work.server.store.revision();
    await work.settled();
    await following.idle();
    quiet = (await work.server.store.revision()) === before ? quiet + 1 : 0;
  }
}
const make = (at: Namespace, name: string, spec: object = {}, annotations: object = selected) =>
  at.create('persistentvolumeclaims', {
    metadata: { name, annotations },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
  });
const claim = async (at: Namespace, name: string) => {
  await settled();
  return at.get('persistentvolumeclaims', name);
};
const volume = async (name: string) => {
  await settled();
  return (await work.cluster.call('GET', `${volumePath}/${name}`)).json;
};
const told = async (at: Namespace): Promise<string[]> => {
  await settled();
  return (await at.list('events')).map(({ reason, message }) => `${reason}: ${message}`).toSorted();
};

it('a cluster has a default StorageClass, and one of the name that clusters of EKS have', async () => {
  const { items } = (await work.cluster.call('GET', classPath)).json;
  expect(items).toMatchObject([
    { metadata: { name: 'gp2' }, provisioner: localDriver, volumeBindingMode: 'WaitForFirstConsumer' },
    {
      metadata: {
        name: 'local',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      ...{ provisioner: localDriver, reclaimPolicy: 'Delete', allowVolumeExpansion: true },
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ]);
  const driver = await work.cluster.call('GET', `/apis/storage.k8s.io/v1/csidrivers/${localDriver}`);
  expect(driver.json.spec).toMatchObject({ attachRequired: false, fsGroupPolicy: 'File' });
});

it('a claim has its volume made on the machine of the node that was chosen for it', async () => {
  const at = await work.namespace();
  await make(at, 'data', {}, {});
  expect((await claim(at, 'data')).status.phase).toBe('Pending');
  expect(machine.volumes.size).toBe(0);
  await at.patch('persistentvolumeclaims', 'data', { metadata: { annotations: selected } });
  const bound = await claim(at, 'data');
  const name = `pvc-${bound.metadata.uid}`;
  expect(bound).toMatchObject({
    spec: { storageClassName: 'local', volumeName: name },
    status: { phase: 'Bound', capacity: { storage: '2Gi' } },
  });
  expect(await volume(name)).toMatchObject({
    metadata: {
      annotations: { 'pv.kubernetes.io/provisioned-by': localDriver },
      finalizers: expect.arrayContaining(['external-provisioner.volume.kubernetes.io/finalizer']),
    },
    spec: {
      ...{ capacity: { storage: '2Gi' }, persistentVolumeReclaimPolicy: 'Delete' },
      csi: { driver: localDriver, volumeHandle: name, fsType: 'ext4' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: machineLabel, operator: 'In', values: ['m1'] }] }],
        },
      },
    },
    status: { phase: 'Bound' },
  });
  expect(machine.volumes.get(name)).toBe(2 * GiB);
  expect((await told(at)).map((text) => text.split(':')[0])).toEqual([
    ...['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded', 'WaitForFirstConsumer'],
  ]);
  await at.delete('persistentvolumeclaims', 'data');
  expect((await volume(name)).reason).toBe('NotFound');
  expect(machine.volumes.size).toBe(0);
});

it('the pods of a StatefulSet mount what its claim templates give them', async () => {
  const at = await work.namespace();
  const set = (name: string, mounted: string) => ({
    metadata: { name },
    spec: {
      ...{ serviceName: name, selector: { matchLabels: { name } } },
      template: {
        metadata: { labels: { name } },
        spec: {
          containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: mounted, mountPath: '/data' }] }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
        },
      ],
    },
  });
  await at.create('statefulsets.apps', set('db', 'data'));
  expect((await claim(at, 'data-db-0')).spec.storageClassName).toBe('local');
  await expect(at.create('statefulsets.apps', set('other', 'wrong'))).rejects.toThrow(
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: \\"wrong\\"',
  );
});

it('a volume that is to be kept outlives its claim, and its own PersistentVolume', async () => {
  const at = await work.namespace();
  await work.cluster.call('POST', classPath, {
    ...{ metadata: { name: 'kept' }, provisioner: localDriver, reclaimPolicy: 'Retain' },
  });
  // Of a class that does not wait for pods, and so without a node.
  await make(at, 'data', { storageClassName: 'kept' }, {});
  const { spec } = await claim(at, 'data');
  await at.delete('persistentvolumeclaims', 'data');
  expect((await volume(spec.volumeName)).status.phase).toBe('Released');
  await work.cluster.call('DELETE', `${volumePath}/${spec.volumeName}`);
  expect((await volume(spec.volumeName)).reason).toBe('NotFound');
  expect([...machine.volumes.keys()]).toEqual([spec.volumeName]);
});

it('who changes his mind about keeping it is obeyed', async () => {
  const at = await work.namespace();
  await make(at, 'data');
  const name = (await claim(at, 'data')).spec.volumeName;
  const policy = (to: string) =>
    work.cluster.call(
      'PATCH',
      `${volumePath}/${name}`,
      { spec: { persistentVolumeReclaimPolicy: to } },
      patch,
    );
  await policy('Retain');
  expect((await volume(name)).metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
  await at.delete('persistentvolumeclaims', 'data');
  expect((await volume(name)).status.phase).toBe('Released');
  await policy('Delete');
  expect((await volume(name)).reason).toBe('NotFound');
  expect(machine.volumes.has(name)).toBe(false);
});

it('where there is no room the pod is placed anew, and nothing is left', async () => {
  const at = await work.namespace();
  machine.capacityBytes = 0;
  await make(at, 'data');
  const waiting = await claim(at, 'data');
  expect(waiting.status.phase).toBe('Pending');
  expect(waiting.metadata.annotations).not.toHaveProperty('volume.kubernetes.io/selected-node');
  expect(await told(at)).toContain(
    'ProvisioningFailed: failed to provision volume with StorageClass "local": rpc error: code = ResourceExhausted desc = the machine is full',
  );
  machine.capacityBytes = 100 * GiB;
  await at.patch('persistentvolumeclaims', 'data', { metadata: { annotations: selected } });
  expect((await claim(at, 'data')).status.phase).toBe('Bound');
});

it('what was asked for a claim that has gone meanwhile is not wanted any more', async () => {
  const at = await work.namespace();
  await following.stop();
  await make(at, 'data');
  await work.settled();
  const asked = () =>
    [...work.server.state.list(localVolumes)].filter(({ value }) => value.claim.namespace === at.name);
  expect(asked()).toHaveLength(1);
  await at.delete('persistentvolumeclaims', 'data');
  await work.settled();
  expect(asked()).toEqual([]);
  following = follow();
});

it('a claim that asks for more gets it, when its machine has the room and its node has made use of it', async () => {
  const at = await work.namespace();
  machine.capacityBytes = 100 * GiB;
  await make(at, 'data');
  const name = (await claim(at, 'data')).spec.volumeName;
  const ask = (storage: string) =>
    at.patch('persistentvolumeclaims', 'data', { spec: { resources: { requests: { storage } } } });
  await ask('500Gi');
  expect((await claim(at, 'data')).status).toMatchObject({
    capacity: { storage: '2Gi' },
    allocatedResources: { storage: '500Gi' },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    conditions: [{ type: 'Resizing', status: 'True' }],
  });
  expect(await told(at)).toContain(
    `VolumeResizeFailed: resize volume "${name}" by resizer "${localDriver}" failed: rpc error: code = ResourceExhausted desc = the machine is full`,
  );
  await expect(ask('2Gi')).rejects.toThrow('field can not be less than status.capacity');
  // Less is still more than it has.
  await ask('4Gi');
  expect((await claim(at, 'data')).status).toMatchObject({
    capacity: { storage: '2Gi' },
    allocatedResources: { storage: '4Gi' },
    allocatedResourceStatuses: { storage: 'NodeResizePending' },
    conditions: [
      {
        ...{ type: 'FileSystemResizePending', status: 'True' },
        message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
      },
    ],
  });
  expect((await volume(name)).spec.capacity).toEqual({ storage: '4Gi' });
  expect(machine.volumes.get(name)).toBe(4 * GiB);
  expect(await told(at)).toEqual(
    expect.arrayContaining([
      `Resizing: External resizer is resizing volume ${name}`,
      'FileSystemResizeRequired: Require file system resize of volume on node',
    ]),
  );
});

it('what machines can’t make is refused by an event that names it', async () => {
  const at = await work.namespace();
  await work.cluster.call('POST', classPath, {
    ...{ metadata: { name: 'odd' }, provisioner: localDriver, parameters: { iops: '3000' } },
  });
  await work.cluster.call('POST', classPath, {
    ...{ metadata: { name: 'xfs' }, provisioner: localDriver, parameters: { fsType: 'xfs' } },
  });
  const group = 'snapshot.storage.k8s.io';
  await make(at, 'block', { volumeMode: 'Block' });
  await make(at, 'snapshot', { dataSource: { apiGroup: group, kind: 'VolumeSnapshot', name: 's' } });
  await make(at, 'clone', { dataSource: { kind: 'PersistentVolumeClaim', name: 'block' } });
  await make(at, 'odd', { storageClassName: 'odd' });
  await make(at, 'xfs', { storageClassName: 'xfs' });
  const failed = (await told(at)).filter((text) => text.startsWith('ProvisioningFailed'));
  const words = (name: string, why: string) =>
    `ProvisioningFailed: failed to provision volume with StorageClass "${name}": ${why}`;
  const invalid = 'rpc error: code = InvalidArgument desc =';
  expect(failed).toEqual(
    [
      words('local', `${invalid} volumeMode Block is not supported, only Filesystem`),
      words('local', 'CSI driver does not support snapshot restore'),
      words('local', 'CSI driver does not support clone operations'),
      words('odd', `${invalid} Invalid parameter key iops for CreateVolume`),
      words('xfs', `${invalid} file system xfs is not supported, only ext4`),
    ].toSorted(),
  );
});
