import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startEks, type TestCluster } from './testing/eks-server.ts';

let server: Awaited<ReturnType<typeof startEks>>;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const namespace = '/api/v1/namespaces/going';
const merge = { 'content-type': 'application/merge-patch+json' };
const held = { finalizers: ['example.com/keep'] };
const letGo = (path: string) =>
  cluster.call('PATCH', `${namespace}/${path}`, { metadata: { finalizers: null } }, merge);
/** Once it is looked at again. */
const soon = (holds: () => Promise<void>) => vi.waitFor(holds, 20_000);
/** By type: status, reason and message. */
const conditions = async () => {
  const { json } = await cluster.call('GET', namespace);
  const list = (json.status.conditions ?? []) as readonly Record<string, string>[];
  return list.map(({ type, status, reason, message }) => [type, status, reason, message]);
};
/** Beside those that go wrong nowhere. */
const fine = [
  [
    'NamespaceDeletionDiscoveryFailure',
    'False',
    'ResourcesDiscovered',
    'All resources successfully discovered',
  ],
  [
    ...['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
    'All legacy kube types successfully parsed',
  ],
  [
    ...['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
    'All content successfully deleted, may be waiting on finalization',
  ],
];
const remaining = (content: string, finalizers: string) => [
  ...fine,
  ['NamespaceContentRemaining', 'True', 'SomeResourcesRemain', `Some resources are remaining: ${content}`],
  [
    ...['NamespaceFinalizersRemaining', 'True', 'SomeFinalizersRemain'],
    `Some content in the namespace has finalizers remaining: ${finalizers}`,
  ],
];

describe('a namespace that is deleted', () => {
  it('tells what it waits for, pods before all else', async () => {
    await cluster.call('POST', '/api/v1/namespaces', { metadata: { name: 'going' } });
    for (const name of ['free', 'kept'])
      await cluster.call('POST', `${namespace}/configmaps`, {
        metadata: { name, ...(name === 'kept' && held) },
      });
    await cluster.call('POST', `${namespace}/pods`, {
      ...{ metadata: { name: 'one', ...held }, spec: { containers: [{ name: 'c', image: 'demo' }] } },
    });
    await server.reconcilers.idle();
    expect((await cluster.call('DELETE', namespace)).json.status.phase).toBe('Terminating');
    await soon(async () =>
      expect(await conditions()).toEqual(
        remaining('pods. has 1 resource instances', 'example.com/keep in 1 resource instances'),
      ),
    );
    const { json } = await cluster.call('GET', `${namespace}/configmaps/free`);
    expect(json.metadata.deletionTimestamp).toBeUndefined();

    await letGo('pods/one');
    await soon(async () =>
      expect(await conditions()).toEqual(
        remaining('configmaps. has 1 resource instances', 'example.com/keep in 1 resource instances'),
      ),
    );
    expect((await cluster.call('GET', `${namespace}/configmaps/free`)).status).toBe(404);

    await letGo('configmaps/kept');
    await soon(async () => expect((await cluster.call('GET', namespace)).status).toBe(404));
  });
});
