import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/** A StatefulSet whose pods keep something, with nothing set up but the cluster and its nodes. */
describe('volumes of pods', () => {
  let cluster: PodCluster;
  const k = (...args: string[]) => cluster.k(...args);
  const inPod = (name: string, command: string) => k('exec', name, '--', '/bin/sh', '-c', command);
  const rolledOut = () => k('rollout', 'status', 'statefulset/db', '--timeout=100s');
  /** Ends the pod, and waits for the next one of its name. */
  const replace = async () => {
    await k('delete', 'pod', 'db-0');
    const isReady = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    await waitFor('the next pod', async () => {
      const { stdout } = await cluster.say('get', 'pod', 'db-0', '-o', isReady);
      return stdout === 'True' ? true : undefined;
    });
  };
  const claimIs = (path: string) => k('get', 'pvc', 'data-db-0', '-o', `jsonpath=${path}`);
  /** Of the machine that are this installation's. */
  const mounts = async () =>
    (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(cluster.installation.stateDirectory));
  /** What is on disk: `<cluster's id>/<volume>`. */
  const kept = async (): Promise<readonly string[]> => {
    const root = join(cluster.installation.stateDirectory, 'volumes');
    const found = (await readdir(root)).map(async (id) =>
      (await readdir(join(root, id))).map((it) => `${id}/${it}`),
    );
    return (await Promise.all(found)).flat();
  };
  /** As `df` in the pod says, in KiB. */
  const sizeOf = async (pod: string): Promise<number> =>
    Number(/(\d+) +\d+ +\d+ +\d+% \/data/.exec(await inPod(pod, 'df -k /data'))?.[1]);

  beforeAll(async () => {
    cluster = await PodCluster.start(2);
  }, 300_000);
  afterAll(async () => {
    const left = cluster === undefined ? [] : () => mounts();
    await cluster?.[Symbol.asyncDispose]();
    if (typeof left === 'function') expect(await left()).toEqual([]);
  });

  it('are made for the claims of a StatefulSet, and hold what was asked for', async () => {
    const labels = { app: 'db' };
    await cluster.apply({
      ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' } },
      spec: {
        ...{ replicas: 2, serviceName: 'db', selector: { matchLabels: labels } },
        podManagementPolicy: 'Parallel',
        template: {
          metadata: { labels },
          spec: {
            ...{ terminationGracePeriodSeconds: 1, securityContext: { fsGroup: 2_000, runAsUser: 1_000 } },
            containers: [
              {
                ...cluster.container('[ -e /data/name ] || hostname > /data/name; exec sleep 3600'),
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '32Mi' } } },
          },
        ],
      },
    });
    await rolledOut();
    expect(await k('get', 'storageclass')).toMatch(
      /^local \(default\) +local\.csi\.catamaran +Delete +WaitForFirstConsumer +true/m,
    );
    expect(await k('get', 'csinodes')).toMatch(/^(ip-\S+ +1 +\S+\n){2}$/m);
    await expect.poll(() => k('get', 'pvc')).toMatch(/^data-db-0 +Bound +pvc-\S+ +32Mi +RWO +local /m);
    await expect
      .poll(() => k('get', 'pv'))
      .toMatch(/^pvc-\S+ +32Mi +RWO +Delete +Bound +default\/data-db-[01] +local /m);
    for (const name of ['db-0', 'db-1'])
      await expect.poll(() => inPod(name, 'cat /data/name')).toBe(`${name}\n`);
    expect(await inPod('db-0', 'stat -c "%g %a" /data')).toBe('2000 2775\n');
    expect(await sizeOf('db-0')).toBeGreaterThan(20 * 1_024);
    expect(await sizeOf('db-0')).toBeLessThanOrEqual(32 * 1_024);
    await expect(inPod('db-0', 'dd if=/dev/zero of=/data/large bs=1M count=40')).rejects.toThrow(
      'No space left',
    );
    await inPod('db-0', 'rm /data/large');
  }, 240_000);

  it('are told of by the kubelet', async () => {
    const node = await k('get', 'pod', 'db-0', '-o', 'jsonpath={.spec.nodeName}');
    const volumes = async () => {
      const { pods } = JSON.parse(await k('get', '--raw', `/api/v1/nodes/${node}/proxy/stats/summary`));
      return pods.find(({ podRef }: { podRef: { name: string } }) => podRef.name === 'db-0').volume;
    };
    await expect.poll(volumes).toMatchObject([
      {
        name: 'data',
        pvcRef: { name: 'data-db-0', namespace: 'default' },
        capacityBytes: 1_024 * (await sizeOf('db-0')),
      },
    ]);
  });

  it('follow their pods to another node', async () => {
    const nodeOf = () => k('get', 'pod', 'db-0', '-o', 'jsonpath={.spec.nodeName}');
    const before = await nodeOf();
    await k('cordon', before);
    await replace();
    expect(await nodeOf()).not.toBe(before);
    expect(await inPod('db-0', 'cat /data/name')).toBe('db-0\n');
    await k('uncordon', before);
  }, 240_000);

  it('outlive a death of Catamaran, and its going down', async () => {
    await cluster.installation.kill9();
    await cluster.installation.up();
    await k('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=100s');
    // Where a node's kubelet answers now, it tells with its next status.
    await waitFor('the pod to be reached', () =>
      inPod('db-0', 'grep -q more /data/name || echo more >> /data/name').then(
        () => true,
        () => undefined,
      ),
    );
    await cluster.installation.catamaran('down');
    await cluster.installation.up();
    await k('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=100s');
    await replace();
    expect(await inPod('db-0', 'cat /data/name')).toBe('db-0\nmore\n');
  }, 300_000);

  it('grow', async () => {
    await k('patch', 'pvc', 'data-db-0', '-p', '{"spec":{"resources":{"requests":{"storage":"96Mi"}}}}');
    // At once, or, where this machine does not let what is mounted grow, when the pod is started again.
    const condition = await waitFor('the volume to be larger', async () => {
      if ((await claimIs('{.status.capacity.storage}')) === '96Mi') return 'grown';
      const pending = await claimIs('{.status.conditions[?(@.type=="FileSystemResizePending")].status}');
      return pending === 'True' ? 'pending' : undefined;
    });
    if (condition === 'pending') await replace();
    await expect.poll(() => claimIs('{.status.capacity.storage}')).toBe('96Mi');
    expect(await sizeOf('db-0')).toBeGreaterThan(70 * 1_024);
    expect(await inPod('db-0', 'cat /data/name')).toBe('db-0\nmore\n');
    await expect
      .poll(() => claimIs('{.status.conditions}{.status.allocatedResourceStatuses}'))
      .toMatch(/^(\[\])?$/);
  }, 240_000);

  it('go with their claims', async () => {
    expect(await kept()).toHaveLength(2);
    await k('delete', 'statefulset', 'db');
    await k('delete', 'pvc', '--all');
    await waitFor('no PersistentVolume', async () =>
      (await k('get', 'pv', '-o', 'name')) === '' ? true : undefined,
    );
    await expect.poll(kept).toEqual([]);
    await waitFor('nothing mounted', async () =>
      (await mounts()).some((line) => line.includes('/dev/loop')) ? undefined : true,
    );
  }, 240_000);

  it('are in use when everything is removed', async () => {
    await cluster.apply(
      {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'last' } },
        spec: {
          ...{ accessModes: ['ReadWriteMany'], storageClassName: 'gp2' },
          resources: { requests: { storage: '16Mi' } },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'last' } },
        spec: {
          containers: [
            { ...cluster.container('sleep 3600'), volumeMounts: [{ name: 'data', mountPath: '/data' }] },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'last' } }],
        },
      },
    );
    await k('wait', '--for=condition=Ready', 'pod/last', '--timeout=100s');
    expect((await mounts()).some((line) => line.includes('/dev/loop'))).toBe(true);
  });
});
