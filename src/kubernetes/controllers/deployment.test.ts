import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Namespace, openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const web = (more: object = {}, image = 'nginx:1') => ({
  metadata: { name: 'web', annotations: { team: 'harbour' } },
  spec: {
    ...{ replicas: 3, selector: { matchLabels: { app: 'web' } } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
    ...more,
  },
});

const image = (text: string) => ({
  spec: { template: { spec: { containers: [{ name: 'c', image: text }] } } },
});

const reasons = async (namespace: Namespace): Promise<string[]> =>
  (await namespace.list('events')).map(({ reason, message }) => `${reason}: ${message}`);

// biome-ignore lint/suspicious/noExplicitAny: an object of the API.
const condition = ({ status }: any, type: string) =>
  status.conditions.find((each: { type: string }) => each.type === type);

describe('a Deployment', () => {
  it('makes a ReplicaSet, which makes pods, and says when all are available', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web());
    const [replicaSet] = await at.list('replicasets.apps');
    const hash = replicaSet.metadata.labels['pod-template-hash'];
    expect(replicaSet).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        annotations: {
          ...{ team: 'harbour', 'deployment.kubernetes.io/revision': '1' },
          'deployment.kubernetes.io/desired-replicas': '3',
          'deployment.kubernetes.io/max-replicas': '4',
        },
        ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true, blockOwnerDeletion: true }],
      },
      spec: { replicas: 3, selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } } },
      status: { replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
    });
    const pods = await at.list('pods');
    expect(pods).toHaveLength(3);
    expect(pods[0].metadata).toMatchObject({
      generateName: `web-${hash}-`,
      labels: { app: 'web', 'pod-template-hash': hash },
      ownerReferences: [{ kind: 'ReplicaSet', name: `web-${hash}`, uid: replicaSet.metadata.uid }],
    });
    const deployment = await at.get('deployments.apps', 'web');
    expect(deployment).toMatchObject({
      metadata: { annotations: { 'deployment.kubernetes.io/revision': '1' } },
      status: {
        ...{ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
        terminatingReplicas: 0,
      },
    });
    expect(deployment.status.unavailableReplicas).toBeUndefined();
    expect(condition(deployment, 'Available')).toMatchObject({
      ...{ status: 'True', reason: 'MinimumReplicasAvailable' },
      message: 'Deployment has minimum availability.',
    });
    expect(condition(deployment, 'Progressing')).toMatchObject({
      ...{ status: 'True', reason: 'NewReplicaSetAvailable' },
      message: `ReplicaSet "web-${hash}" has successfully progressed.`,
    });
    expect(await reasons(at)).toContain(`ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`);
    expect((await reasons(at)).filter((text) => text.startsWith('SuccessfulCreate'))).toHaveLength(3);
  });

  it('rolls to another template and keeps what it was for going back', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web());
    const [first] = await at.list('replicasets.apps');
    await at.patch('deployments.apps', 'web', image('nginx:2'));
    const sets = await at.list('replicasets.apps');
    const second = sets.find(({ metadata }) => metadata.uid !== first.metadata.uid);
    expect(sets.map(({ spec }) => spec.replicas).toSorted()).toEqual([0, 3]);
    expect(second.metadata.annotations['deployment.kubernetes.io/revision']).toBe('2');
    expect((await at.list('pods')).map(({ spec }) => spec.containers[0].image)).toEqual(
      Array(3).fill('nginx:2'),
    );
    await at.patch('deployments.apps', 'web', image('nginx:1'));
    const back = await at.get('replicasets.apps', first.metadata.name);
    expect(back.spec.replicas).toBe(3);
    expect(back.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('counts its revisions on from whatever an adopted ReplicaSet was given', async () => {
    const at = await work.namespace();
    const { selector, template } = web().spec;
    await at.create('replicasets.apps', {
      metadata: {
        ...{ name: 'before', labels: template.metadata.labels },
        annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' },
      },
      spec: { replicas: 1, selector, template },
    });
    await at.create('deployments.apps', web({}, 'nginx:2'));
    const { metadata } = await at.get('deployments.apps', 'web');
    expect(metadata.annotations['deployment.kubernetes.io/revision']).toBe('3546343826724305833');
  });

  it('stands still while new pods do not become ready, and says so after its deadline', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web({ replicas: 4 }));
    await work.settled();
    work.decide((pod) => (pod.spec.containers[0]?.image === 'nginx:2' ? 'Running' : 'Ready'));
    await at.patch('deployments.apps', 'web', image('nginx:2'));
    const deployment = await at.get('deployments.apps', 'web');
    expect(deployment.status).toMatchObject({ replicas: 5, updatedReplicas: 2, availableReplicas: 3 });
    expect(condition(deployment, 'Progressing')).toMatchObject({ reason: 'ReplicaSetUpdated' });
    work.decide(() => 'Ready');
  });

  it('that is Recreate ends all old pods first', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web({ strategy: { type: 'Recreate' } }));
    await work.settled();
    await at.patch('deployments.apps', 'web', image('nginx:2'));
    const pods = await at.list('pods');
    expect(pods.map(({ spec }) => spec.containers[0].image)).toEqual(Array(3).fill('nginx:2'));
  });

  it('that is paused scales, and rolls out only when it is resumed', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web());
    await work.settled();
    await at.patch('deployments.apps', 'web', { spec: { paused: true } });
    await at.patch('deployments.apps', 'web', { ...image('nginx:2') });
    await at.patch('deployments.apps', 'web/scale', { spec: { replicas: 5 } });
    expect((await at.list('pods')).map(({ spec }) => spec.containers[0].image)).toEqual(
      Array(5).fill('nginx:1'),
    );
    expect(condition(await at.get('deployments.apps', 'web'), 'Progressing')).toMatchObject({
      ...{ status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' },
    });
    await at.patch('deployments.apps', 'web', { spec: { paused: false } });
    expect((await at.list('pods')).map(({ spec }) => spec.containers[0].image)).toEqual(
      Array(5).fill('nginx:2'),
    );
  });

  it('keeps as many old revisions as it is told', async () => {
    const at = await work.namespace();
    await at.create('deployments.apps', web({ revisionHistoryLimit: 1 }));
    for (const version of [2, 3, 4]) {
      await work.settled();
      await at.patch('deployments.apps', 'web', image(`nginx:${version}`));
    }
    const sets = await at.list('replicasets.apps');
    expect(sets.map(({ spec }) => spec.template.spec.containers[0].image).toSorted()).toEqual([
      'nginx:3',
      'nginx:4',
    ]);
  });
});

describe('a ReplicaSet', () => {
  const set = (name: string, replicas: number) => ({
    metadata: { name },
    spec: {
      ...{ replicas, selector: { matchLabels: { app: name } } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'nginx' }] },
      },
    },
  });

  it('replaces pods that are deleted or have failed', async () => {
    const at = await work.namespace();
    await at.create('replicasets.apps', set('a', 2));
    const [one, other] = await at.list('pods');
    await at.delete('pods', one.metadata.name);
    const pods = await at.list('pods');
    expect(pods).toHaveLength(2);
    expect(pods.map(({ metadata }) => metadata.name)).toContain(other.metadata.name);
    work.decide((pod) => (pod.status?.phase === 'Failed' ? undefined : 'Ready'));
    await at.patch('pods', `${other.metadata.name}/status`, { status: { phase: 'Failed' } });
    expect(await at.list('pods')).toHaveLength(3);
    expect((await at.get('replicasets.apps', 'a')).status.replicas).toBe(2);
    work.decide(() => 'Ready');
  });

  it('adopts pods that match, and lets go of those that match no longer', async () => {
    const at = await work.namespace();
    await at.create('pods', {
      metadata: { name: 'lone', labels: { app: 'a' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    });
    await at.create('replicasets.apps', set('a', 2));
    const { uid } = (await at.get('replicasets.apps', 'a')).metadata;
    expect((await at.get('pods', 'lone')).metadata.ownerReferences).toMatchObject([{ uid }]);
    expect(await at.list('pods')).toHaveLength(2);
    await at.patch('pods', 'lone', { metadata: { labels: { app: 'other' } } });
    expect((await at.get('pods', 'lone')).metadata.ownerReferences).toBeUndefined();
    expect(await at.list('pods')).toHaveLength(3);
    await at.patch('pods', 'lone', { metadata: { labels: { app: 'a' } } });
    expect(await at.list('pods')).toHaveLength(2);
  });

  it('says why its pods can not be made', async () => {
    const at = await work.namespace();
    const bad = set('bad', 2);
    await at.create('replicasets.apps', {
      ...bad,
      spec: {
        ...bad.spec,
        template: {
          ...bad.spec.template,
          metadata: { labels: { app: 'bad' }, annotations: { 'not a name': 'x' } },
        },
      },
    });
    const { status } = await at.get('replicasets.apps', 'bad');
    expect(status).toMatchObject({ replicas: 0, observedGeneration: 1 });
    expect(status.conditions).toMatchObject([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: expect.stringMatching(/^Pod/),
      },
    ]);
    // Each attempt has another name for the pod, so a retry that came meanwhile is told by another event.
    const [first, ...more] = await reasons(at);
    for (const told of [first, ...more]) expect(told).toMatch(/^FailedCreate: Error creating: Pod/);
    // Whose pods they are is told; whoever operates the server has nothing to mend.
    expect(work.server.troubles()).toEqual([]);
    await at.delete('replicasets.apps', 'bad');
  });
});

describe('a ReplicationController', () => {
  it('keeps as many pods as it says', async () => {
    const at = await work.namespace();
    await at.create('replicationcontrollers', {
      metadata: { name: 'old' },
      spec: {
        replicas: 2,
        template: {
          metadata: { labels: { app: 'old' } },
          spec: { containers: [{ name: 'c', image: 'nginx' }] },
        },
      },
    });
    expect((await at.get('replicationcontrollers', 'old')).status).toMatchObject({
      ...{ replicas: 2, readyReplicas: 2, availableReplicas: 2 },
    });
    await at.patch('replicationcontrollers', 'old/scale', { spec: { replicas: 0 } });
    expect(await at.list('pods')).toEqual([]);
  });
});
