import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Namespace, openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const volumePath = '/api/v1/persistentvolumes';
const patch = { 'content-type': 'application/merge-patch+json' };

const makeVolume = (name: string, storage: string, spec: object = {}) =>
  work.cluster.call('POST', volumePath, {
    metadata: { name },
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/srv' }, ...spec },
  });
const volume = async (name: string) => {
  await work.settled();
  return (await work.cluster.call('GET', `${volumePath}/${name}`)).json;
};
const claim = (name: string, storage: string, spec: object = {}) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
});
const make = (at: Namespace, name: string, storage: string, spec: object = {}) =>
  at.create('persistentvolumeclaims', claim(name, storage, spec));
const makeClass = (name: string, more: object) =>
  work.cluster.call('POST', '/apis/storage.k8s.io/v1/storageclasses', { metadata: { name }, ...more });
const told = async (at: Namespace): Promise<string[]> =>
  (await at.list('events')).map(({ reason, message }) => `${reason}: ${message}`).toSorted();
const user = (claimName: string) => ({
  metadata: { name: 'user' },
  spec: {
    containers: [{ name: 'c', image: 'nginx' }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
  },
});

it('a claim gets the smallest volume that will do, once there is one', async () => {
  const at = await work.namespace();
  await make(at, 'a', '2Gi', { storageClassName: 'slow' });
  expect((await at.get('persistentvolumeclaims', 'a')).status).toEqual({ phase: 'Pending' });
  expect(await told(at)).toEqual(['ProvisioningFailed: storageclass.storage.k8s.io "slow" not found']);
  await makeVolume('small', '1Gi', { storageClassName: 'slow' });
  await makeVolume('other', '2Gi', { storageClassName: 'other' });
  expect((await volume('small')).status).toMatchObject({ phase: 'Available' });
  await makeVolume('large', '10Gi', { storageClassName: 'slow' });
  const bound = await at.get('persistentvolumeclaims', 'a');
  expect(bound).toMatchObject({
    metadata: {
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
      },
      finalizers: ['kubernetes.io/pvc-protection'],
    },
    spec: { volumeName: 'large' },
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' } },
  });
  expect(await volume('large')).toMatchObject({
    metadata: { finalizers: ['kubernetes.io/pv-protection'] },
    spec: {
      claimRef: { kind: 'PersistentVolumeClaim', namespace: at.name, name: 'a', uid: bound.metadata.uid },
    },
    status: { phase: 'Bound' },
  });
});

it('a volume is released when its claim goes, and is nobody else’s then', async () => {
  const at = await work.namespace();
  await makeVolume('kept', '1Gi', { storageClassName: 'kept' });
  await makeVolume('gone', '1Gi', { storageClassName: 'gone', persistentVolumeReclaimPolicy: 'Delete' });
  for (const name of ['kept', 'gone']) await make(at, name, '1Gi', { storageClassName: name });
  await work.settled();
  await at.create('pods', user('kept'));
  await work.settled();
  for (const name of ['kept', 'gone']) await at.delete('persistentvolumeclaims', name);
  // A pod uses it.
  expect((await at.get('persistentvolumeclaims', 'kept')).metadata.deletionTimestamp).toBeDefined();
  expect((await volume('gone')).status).toMatchObject({
    ...{ phase: 'Failed', reason: 'VolumeFailedDelete' },
    message: 'error getting deleter volume plugin for volume "gone": no deletable volume plugin matched',
  });
  await work.cluster.call('DELETE', `${volumePath}/kept`);
  expect((await volume('kept')).status.phase).toBe('Bound');
  await at.delete('pods', 'user');
  expect((await volume('kept')).reason).toBe('NotFound');
  expect(await at.list('persistentvolumeclaims')).toEqual([]);
  await make(at, 'next', '1Gi', { storageClassName: 'gone' });
  expect((await at.get('persistentvolumeclaims', 'next')).status.phase).toBe('Pending');
});

it('two claims that want the one volume at once do not both get it', async () => {
  const at = await work.namespace();
  await Promise.all(['a', 'b', 'c'].map((name) => make(at, name, '1Gi', { storageClassName: 'rare' })));
  await makeVolume('rare', '1Gi', { storageClassName: 'rare' });
  const phases = (await at.list('persistentvolumeclaims')).map(({ status }) => status.phase).toSorted();
  expect(phases).toEqual(['Bound', 'Pending', 'Pending']);
});

it('a claim that names its volume has that or none', async () => {
  const at = await work.namespace();
  await makeVolume('mine', '1Gi');
  await make(at, 'greedy', '5Gi', { storageClassName: '', volumeName: 'mine' });
  expect(await told(at)).toEqual([
    'VolumeMismatch: Cannot bind to requested volume "mine": requested PV is too small',
  ]);
  await make(at, 'modest', '1Gi', { storageClassName: '', volumeName: 'mine' });
  expect((await at.get('persistentvolumeclaims', 'modest')).status.phase).toBe('Bound');
  await work.cluster.call('PATCH', `${volumePath}/mine`, { metadata: { finalizers: null } }, patch);
  await work.cluster.call('DELETE', `${volumePath}/mine`);
  expect((await at.get('persistentvolumeclaims', 'modest')).status).toEqual({ phase: 'Lost' });
});

it('a claim waits for a pod, then for whoever makes volumes of its class', async () => {
  const at = await work.namespace();
  const volumeBindingMode = 'WaitForFirstConsumer';
  await makeClass('late', { provisioner: 'example.com/disk', volumeBindingMode });
  await make(at, 'a', '1Gi', { storageClassName: 'late' });
  await makeVolume('early', '1Gi', { storageClassName: 'late' });
  expect((await at.get('persistentvolumeclaims', 'a')).status.phase).toBe('Pending');
  await at.patch('persistentvolumeclaims', 'a', {
    metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } },
  });
  const asked = await at.get('persistentvolumeclaims', 'a');
  expect(asked.metadata.annotations).toMatchObject({
    'volume.kubernetes.io/storage-provisioner': 'example.com/disk',
    'volume.beta.kubernetes.io/storage-provisioner': 'example.com/disk',
  });
  const { namespace, name, uid } = asked.metadata;
  await work.cluster.call('POST', volumePath, {
    metadata: { name: 'made', annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/disk' } },
    spec: {
      ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/srv/made' } },
      ...{ storageClassName: 'late', persistentVolumeReclaimPolicy: 'Delete' },
      claimRef: { namespace, name, uid },
    },
  });
  expect((await at.get('persistentvolumeclaims', 'a')).spec.volumeName).toBe('made');
  expect((await told(at)).map((text) => text.split(':')[0])).toEqual([
    'ExternalProvisioning',
    'WaitForFirstConsumer',
  ]);
  await at.delete('persistentvolumeclaims', 'a');
  // Its maker takes it away.
  expect((await volume('made')).status.phase).toBe('Released');
});

it('a pod’s own volumes have claims that go with it', async () => {
  const at = await work.namespace();
  await makeVolume('own', '1Gi', { storageClassName: 'own' });
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: claim('', '1Gi', { storageClassName: 'own' }).spec,
  };
  await at.create('pods', {
    metadata: { name: 'p' },
    spec: {
      containers: [{ name: 'c', image: 'nginx' }],
      volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: template } }],
    },
  });
  expect(await at.get('persistentvolumeclaims', 'p-v')).toMatchObject({
    metadata: { labels: { a: 'b' }, ownerReferences: [{ kind: 'Pod', name: 'p', controller: true }] },
    status: { phase: 'Bound' },
  });
  await at.delete('pods', 'p');
  expect(await at.list('persistentvolumeclaims')).toEqual([]);
});
