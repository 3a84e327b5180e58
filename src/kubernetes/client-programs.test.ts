import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Lease,
  V1MicroTime,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crontabs, define, definition } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
let config: KubeConfig;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
  config = await configOf(cluster);
});
afterAll(() => server[Symbol.asyncDispose]());

/** As a program's kubeconfig has it. */
async function configOf({ endpoint, certificateAuthority, token }: TestCluster): Promise<KubeConfig> {
  const made = new KubeConfig();
  const caData = Buffer.from(certificateAuthority).toString('base64');
  made.loadFromClusterAndUser(
    { name: 'harbor', server: endpoint, caData, skipTLSVerify: false },
    { name: 'me', token: await token() },
  );
  return made;
}

let namespaces = 0;
async function namespace(): Promise<string> {
  const name = `programs-${++namespaces}`;
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name } } });
  // It has its authority's certificate.
  await server.reconcilers.idle();
  return name;
}

describe('a program that uses @kubernetes/client-node', () => {
  it('follows objects by an informer, and finds what happened while it did not watch', async () => {
    const own = await namespace();
    const core = config.makeApiClient(CoreV1Api);
    const make = (name: string) =>
      core.createNamespacedConfigMap({ namespace: own, body: { metadata: { name }, data: { n: '0' } } });
    const seen: string[] = [];
    const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${own}/configmaps`, () =>
      core.listNamespacedConfigMap({ namespace: own }),
    );
    for (const event of ['add', 'update', 'delete'] as const)
      informer.on(event, ({ metadata, data }) => seen.push(`${event} ${metadata?.name} ${data?.n ?? ''}`));
    await make('one');
    await informer.start();
    try {
      await make('two');
      await core.replaceNamespacedConfigMap({
        ...{ namespace: own, name: 'one', body: { metadata: { name: 'one' }, data: { n: '1' } } },
      });
      await core.deleteNamespacedConfigMap({ namespace: own, name: 'two' });
      await vi.waitFor(
        () => expect(seen.slice(-3)).toEqual(['add two 0', 'update one 1', 'delete two 0']),
        5_000,
      );
      await informer.stop();
      await make('three');
      await core.deleteNamespacedConfigMap({ namespace: own, name: 'one' });
      await informer.start();
      await vi.waitFor(() => expect(informer.get('three', own)?.data).toEqual({ n: '0' }), 5_000);
      expect(informer.get('one', own)).toBeUndefined();
    } finally {
      await informer.stop();
    }
  });

  it('begins a watch with the state that there is, up to a bookmark', async () => {
    const own = await namespace();
    const core = config.makeApiClient(CoreV1Api);
    for (const name of ['a', 'b'])
      await core.createNamespacedConfigMap({ namespace: own, body: { metadata: { name } } });
    const seen: string[] = [];
    const isSynced = Promise.withResolvers<string>();
    const options = {
      ...{ sendInitialEvents: true, allowWatchBookmarks: true, resourceVersionMatch: 'NotOlderThan' },
      labelSelector: 'kubernetes.io/metadata.name!=x',
    };
    const path = `/api/v1/namespaces/${own}/configmaps`;
    const watch = await new Watch(config).watch(
      path,
      options,
      (phase, object) => {
        const isEnd = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
        if (phase === 'BOOKMARK' && isEnd) isSynced.resolve(object.metadata.resourceVersion);
        else if (object.metadata.name !== 'kube-root-ca.crt') seen.push(`${phase} ${object.metadata.name}`);
      },
      () => {},
    );
    const version = await isSynced.promise;
    expect(seen).toEqual(['ADDED a', 'ADDED b']);
    watch.abort();
    await core.createNamespacedConfigMap({ namespace: own, body: { metadata: { name: 'c' } } });
    const next = Promise.withResolvers<string>();
    const resumed = await new Watch(config).watch(
      path,
      { resourceVersion: version },
      (phase, object) => next.resolve(`${phase} ${object.metadata.name}`),
      () => {},
    );
    expect(await next.promise).toBe('ADDED c');
    resumed.abort();
  });

  it('elects one leader by a Lease, and the next when that one is silent', async () => {
    const own = await namespace();
    const leases = config.makeApiClient(CoordinationV1Api);
    const seconds = 15;
    let timeMs = Date.now();
    /** As client-go: takes the lease if nobody has it or its holder is late, and renews its own. */
    const tryToLead = async (identity: string): Promise<boolean> => {
      const now = new V1MicroTime(timeMs);
      const spec = {
        holderIdentity: identity,
        leaseDurationSeconds: seconds,
        acquireTime: now,
        renewTime: now,
      };
      try {
        const lease: V1Lease = await leases.readNamespacedLease({ namespace: own, name: 'leader' });
        const {
          holderIdentity = '',
          renewTime = new Date(0),
          leaseTransitions = 0,
          acquireTime,
        } = lease.spec ?? {};
        const isLate = timeMs > new Date(renewTime).getTime() + seconds * 1_000;
        if (holderIdentity !== identity && !isLate) return false;
        const isNew = holderIdentity !== identity;
        const changed = {
          ...spec,
          ...(!isNew && acquireTime && { acquireTime }),
          leaseTransitions: leaseTransitions + (isNew ? 1 : 0),
        };
        await leases.replaceNamespacedLease({
          ...{ namespace: own, name: 'leader', body: { ...lease, spec: changed } },
        });
        return true;
      } catch (error) {
        if (!(error instanceof ApiException)) throw error;
        if (error.code === 409) return false;
        if (error.code !== 404) throw error;
        return leases
          .createNamespacedLease({ namespace: own, body: { metadata: { name: 'leader' }, spec } })
          .then(() => true)
          .catch((conflict: unknown) => {
            if (conflict instanceof ApiException && conflict.code === 409) return false;
            throw conflict;
          });
      }
    };
    const candidates = ['a', 'b', 'c'];
    const first = await Promise.all(candidates.map(tryToLead));
    expect(first.filter(Boolean)).toHaveLength(1);
    const leader = candidates[first.indexOf(true)] ?? '';
    expect(await tryToLead(leader)).toBe(true);
    const others = candidates.filter((it) => it !== leader);
    expect(await Promise.all(others.map(tryToLead))).toEqual([false, false]);
    timeMs += seconds * 1_000 + 1;
    expect((await Promise.all(others.map(tryToLead))).filter(Boolean)).toHaveLength(1);
    const { spec } = await leases.readNamespacedLease({ namespace: own, name: 'leader' });
    expect(others).toContain(spec?.holderIdentity);
    expect(spec?.leaseTransitions).toBe(1);
  });

  it('runs a controller: an informer of a custom kind, objects that it owns, and a status that it applies', async () => {
    const own = await namespace();
    const group = 'programs.example.com';
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } };
    await define(server, cluster, definition(group, { versions: [version] }));
    const custom = config.makeApiClient(CustomObjectsApi);
    const core = config.makeApiClient(CoreV1Api);
    const of = { group, version: 'v1', namespace: own, plural: 'crontabs' };
    // biome-ignore lint/suspicious/noExplicitAny: custom objects are of any form.
    type Any = any;
    const informer = makeInformer<Any>(config, crontabs(group, 'v1', own), () =>
      custom.listNamespacedCustomObject(of),
    );
    const failures: unknown[] = [];
    const reconcile = async ({ apiVersion, kind, metadata, spec }: Any): Promise<void> => {
      const { name, uid } = metadata;
      const owner = { apiVersion: `${group}/v1`, kind: kind ?? 'CronTab', name, uid, controller: true };
      await core.patchNamespacedConfigMap(
        {
          ...{ namespace: own, name, fieldManager: 'crontab-controller', force: true },
          body: {
            ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { schedule: spec.schedule } },
            metadata: { name, ownerReferences: [owner] },
          },
        },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
      await custom.patchNamespacedCustomObjectStatus(
        {
          ...{ ...of, name, fieldManager: 'crontab-controller', force: true },
          body: {
            ...{ apiVersion: apiVersion ?? `${group}/v1`, kind: 'CronTab', metadata: { name } },
            status: { schedule: spec.schedule },
          },
        },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
    };
    for (const event of ['add', 'update'] as const)
      informer.on(event, (object) => void reconcile(object).catch((error) => failures.push(error)));
    await informer.start();
    try {
      const body = {
        apiVersion: `${group}/v1`,
        kind: 'CronTab',
        metadata: { name: 'one' },
        spec: { schedule: '@daily' },
      };
      await custom.createNamespacedCustomObject({ ...of, body });
      const statusOf = async (): Promise<Any> =>
        ((await custom.getNamespacedCustomObject({ ...of, name: 'one' })) as Any).status;
      await vi.waitFor(async () => expect(await statusOf()).toEqual({ schedule: '@daily' }), 5_000);
      await custom.patchNamespacedCustomObject(
        { ...of, name: 'one', body: { spec: { schedule: '@hourly' } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      await vi.waitFor(async () => expect(await statusOf()).toEqual({ schedule: '@hourly' }), 5_000);
      const { data } = await core.readNamespacedConfigMap({ namespace: own, name: 'one' });
      expect(data).toEqual({ schedule: '@hourly' });
      expect(failures).toEqual([]);
    } finally {
      await informer.stop();
    }
    await custom.deleteNamespacedCustomObject({ ...of, name: 'one' });
    await vi.waitFor(
      () =>
        expect(core.readNamespacedConfigMap({ namespace: own, name: 'one' })).rejects.toMatchObject({
          code: 404,
        }),
      10_000,
    );
  });
});
