import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Namespace, openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const db = (spec: object = {}) => ({
  metadata: { name: 'db' },
  spec: {
    ...{ serviceName: 'db', replicas: 3, selector: { matchLabels: { app: 'db' } } },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: { containers: [{ name: 'c', image: 'postgres:1' }] },
    },
    ...spec,
  },
});
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const image = (text: string) => ({
  spec: { template: { spec: { containers: [{ name: 'c', image: text }] } } },
});
const images = async (at: Namespace): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await at.list('pods')).map(({ metadata, spec }) => [metadata.name, spec.containers[0].image]),
  );

describe('a StatefulSet', () => {
  it('makes pods in order, each with its name and its claims, and says how many beside what others say', async () => {
    const at = await work.namespace();
    const names: string[] = [];
    work.decide((pod) => {
      if (!names.includes(pod.metadata.name)) names.push(pod.metadata.name);
      return 'Ready';
    });
    await at.create(
      'statefulsets.apps',
      db({
        ordinals: { start: 1 },
        volumeClaimTemplates: [claim],
      }),
    );
    const set = await at.get('statefulsets.apps', 'db');
    expect(names).toEqual(['db-1', 'db-2', 'db-3']);
    const [revision] = await at.list('controllerrevisions.apps');
    expect(revision).toMatchObject({ revision: 1, data: { spec: { template: { $patch: 'replace' } } } });
    const { name } = revision.metadata;
    expect(set.status).toEqual({
      ...{ observedGeneration: 1, replicas: 3, readyReplicas: 3, availableReplicas: 3 },
      ...{ currentReplicas: 3, updatedReplicas: 3, collisionCount: 0 },
      ...{ currentRevision: name, updateRevision: name },
    });
    const condition = { type: 'Inspected', status: 'True' };
    await at.patch('statefulsets.apps', 'db/status', { status: { conditions: [condition] } });
    expect((await at.get('statefulsets.apps', 'db')).status).toEqual({
      ...set.status,
      conditions: [condition],
    });
    expect(await at.get('pods', 'db-2')).toMatchObject({
      metadata: {
        labels: {
          ...{ app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-2' },
          ...{ 'apps.kubernetes.io/pod-index': '2', 'controller-revision-hash': name },
        },
      },
      spec: {
        ...{ hostname: 'db-2', subdomain: 'db' },
        volumes: expect.arrayContaining([
          { name: 'data', persistentVolumeClaim: { claimName: 'data-db-2' } },
        ]),
      },
    });
    const claims = await at.list('persistentvolumeclaims');
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(['data-db-1', 'data-db-2', 'data-db-3']);
    const told = (await at.list('events')).map(({ message }) => message);
    expect(told).toContain('create Pod db-1 in StatefulSet db successful');
    expect(told).toContain('create Claim data-db-1 Pod db-1 in StatefulSet db success');
  });

  it('waits for each pod before it makes the next, unless it is Parallel', async () => {
    const at = await work.namespace();
    work.decide(() => 'Running');
    await at.create('statefulsets.apps', db());
    expect(Object.keys(await images(at))).toEqual(['db-0']);
    const parallel = await work.namespace();
    await parallel.create('statefulsets.apps', db({ podManagementPolicy: 'Parallel' }));
    expect(Object.keys(await images(parallel))).toEqual(['db-0', 'db-1', 'db-2']);
  });

  it('rolls from the highest ordinal down to its partition', async () => {
    const at = await work.namespace();
    work.decide(() => 'Ready');
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
    await at.create('statefulsets.apps', db({ updateStrategy }));
    await work.settled();
    await at.patch('statefulsets.apps', 'db', image('postgres:2'));
    expect(await images(at)).toEqual({ 'db-0': 'postgres:1', 'db-1': 'postgres:1', 'db-2': 'postgres:2' });
    const half = await at.get('statefulsets.apps', 'db');
    expect(half.status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
    expect(half.status.currentRevision).not.toBe(half.status.updateRevision);
    // One below the partition comes back as it was.
    await at.delete('pods', 'db-0');
    expect((await images(at))['db-0']).toBe('postgres:1');
    const all = { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } };
    await at.patch('statefulsets.apps', 'db', all);
    expect(Object.values(await images(at))).toEqual(Array(3).fill('postgres:2'));
    const whole = await at.get('statefulsets.apps', 'db');
    expect(whole.status).toMatchObject({ currentReplicas: 3, updatedReplicas: 3 });
    expect(whole.status.currentRevision).toBe(whole.status.updateRevision);
    // Going back makes the revision that is there the newest.
    await at.patch('statefulsets.apps', 'db', image('postgres:1'));
    const revisions = await at.list('controllerrevisions.apps');
    expect(revisions.map(({ revision }) => revision).toSorted()).toEqual([2, 3]);
    expect(Object.values(await images(at))).toEqual(Array(3).fill('postgres:1'));
  });

  it('that is OnDelete changes pods when somebody deletes them', async () => {
    const at = await work.namespace();
    work.decide(() => 'Ready');
    await at.create('statefulsets.apps', db({ updateStrategy: { type: 'OnDelete' } }));
    await work.settled();
    await at.patch('statefulsets.apps', 'db', image('postgres:2'));
    expect(Object.values(await images(at))).toEqual(Array(3).fill('postgres:1'));
    await at.delete('pods', 'db-1');
    expect(await images(at)).toMatchObject({ 'db-0': 'postgres:1', 'db-1': 'postgres:2' });
  });

  it('shrinks from the highest ordinal, and its claims go with whom its policy says', async () => {
    const at = await work.namespace();
    work.decide(() => 'Ready');
    await at.create(
      'statefulsets.apps',
      db({
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
        volumeClaimTemplates: [claim],
      }),
    );
    const set = await at.get('statefulsets.apps', 'db');
    const ownersOf = async (name: string) =>
      (await at.get('persistentvolumeclaims', name)).metadata.ownerReferences;
    expect(await ownersOf('data-db-2')).toMatchObject([{ kind: 'StatefulSet', uid: set.metadata.uid }]);
    await at.patch('statefulsets.apps', 'db/scale', { spec: { replicas: 2 } });
    expect(Object.keys(await images(at))).toEqual(['db-0', 'db-1']);
    expect(await ownersOf('data-db-1')).toMatchObject([{ kind: 'StatefulSet' }]);
  });

  it('replaces pods that have ended', async () => {
    const at = await work.namespace();
    work.decide((pod) => (pod.status?.phase === 'Failed' ? undefined : 'Ready'));
    await at.create('statefulsets.apps', db({ replicas: 1 }));
    const before = await at.get('pods', 'db-0');
    await at.patch('pods', 'db-0/status', { status: { phase: 'Failed' } });
    const after = await at.get('pods', 'db-0');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.status.phase).toBe('Running');
  });
});
