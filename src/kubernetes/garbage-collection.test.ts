import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crontabs, define, definition } from './testing/custom-definitions.ts';
import { type Answered, type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

let namespaces = 0;
async function namespace(): Promise<string> {
  const name = `gc-${++namespaces}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
  return name;
}

const at = (within: string, name = '') => `/api/v1/namespaces/${within}/configmaps${name && `/${name}`}`;

type Made = Answered['json'];

/** A ConfigMap that is owned by others. @param more Of each reference. */
async function make(
  within: string,
  name: string,
  owners: readonly Made[] = [],
  more: object = {},
): Promise<Made> {
  const ownerReferences = owners.map((owner) => referenceTo(owner, more));
  const { status, json } = await cluster.call('POST', at(within), { metadata: { name, ownerReferences } });
  expect([status, json.message]).toEqual([201, undefined]);
  return json;
}

const referenceTo = ({ apiVersion, kind, metadata: { name, uid } }: Made, more: object = {}) => ({
  ...{ apiVersion, kind, name, uid },
  ...more,
});

const remove = (within: string, name: string, propagationPolicy?: string) =>
  cluster.call('DELETE', at(within, name), { ...(propagationPolicy && { propagationPolicy }) });

/** The names that are left, once the control plane has nothing more to do. */
async function left(within: string): Promise<readonly string[]> {
  await server.reconcilers.idle();
  const { json } = await cluster.call('GET', at(within));
  return json.items
    .map((item: Made) => item.metadata.name)
    .filter((name: string) => name !== 'kube-root-ca.crt');
}

const merge = { 'content-type': 'application/merge-patch+json' };
const blocking = { blockOwnerDeletion: true };

describe('what an object owns', () => {
  it('goes after it, and what that owns too', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    const middle = await make(within, 'middle', [owner]);
    await make(within, 'last', [middle]);
    await make(within, 'other');
    expect((await remove(within, 'owner')).json.status).toBe('Success');
    expect(await left(within)).toEqual(['other']);
  });

  it('stays as long as another owner is there, without the reference to the one that is gone', async () => {
    const within = await namespace();
    const [one, two] = [await make(within, 'one'), await make(within, 'two')];
    await make(within, 'shared', [one, two]);
    await remove(within, 'one');
    expect(await left(within)).toEqual(['shared', 'two']);
    const { json } = await cluster.call('GET', at(within, 'shared'));
    expect(json.metadata.ownerReferences).toEqual([referenceTo(two)]);
    await remove(within, 'two');
    expect(await left(within)).toEqual([]);
  });

  it('stays where it is orphaned', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    await make(within, 'a', [owner]);
    await make(within, 'b', [owner]);
    const { status, json } = await remove(within, 'owner', 'Orphan');
    expect([status, json.metadata.finalizers]).toEqual([200, ['orphan']]);
    expect(await left(within)).toEqual(['a', 'b']);
    expect((await cluster.call('GET', at(within, 'a'))).json.metadata).not.toHaveProperty('ownerReferences');
  });

  it('goes before it in the foreground, where it says that it blocks', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    await make(within, 'held', [owner], blocking);
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: ['x.io/y'] } }, merge);
    const { json } = await remove(within, 'owner', 'Foreground');
    expect(json.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(await left(within)).toEqual(['held', 'owner']);
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: null } }, merge);
    expect(await left(within)).toEqual([]);
  });

  it('does not hold it in the foreground where it does not say so', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    await make(within, 'held', [owner]);
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: ['x.io/y'] } }, merge);
    await remove(within, 'owner', 'Foreground');
    expect(await left(within)).toEqual(['held']);
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: null } }, merge);
    expect(await left(within)).toEqual([]);
  });

  it.each(['Foreground', 'Background', 'Orphan'])(
    'does not hang where all own each other: %s',
    async (policy) => {
      const within = await namespace();
      const a = await make(within, 'a');
      const b = await make(within, 'b', [a], blocking);
      const c = await make(within, 'c', [b], blocking);
      const own = { metadata: { ownerReferences: [referenceTo(c, blocking)] } };
      await cluster.call('PATCH', at(within, 'a'), own, merge);
      await remove(within, 'a', policy);
      expect(await left(within)).toEqual(policy === 'Orphan' ? ['b', 'c'] : []);
    },
  );

  it('is deleted where its owner was never there, or is another one by now', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    await make(within, 'a', [{ ...owner, metadata: { name: 'owner', uid: 'another' } }]);
    await make(within, 'b', [{ ...owner, metadata: { name: 'none', uid: owner.metadata.uid } }]);
    await make(within, 'c', [owner]);
    expect(await left(within)).toEqual(['c', 'owner']);
  });

  it('is deleted where its owner is in another namespace, and an event says so', async () => {
    const [within, elsewhere] = [await namespace(), await namespace()];
    const owner = await make(elsewhere, 'owner');
    await make(within, 'a', [owner]);
    expect(await left(within)).toEqual([]);
    const { json } = await cluster.call('GET', `/api/v1/namespaces/${within}/events`);
    expect(json.items).toMatchObject([
      {
        ...{
          type: 'Warning',
          reason: 'OwnerRefInvalidNamespace',
          involvedObject: { kind: 'ConfigMap', name: 'a' },
        },
        message: `ownerRef [v1/ConfigMap, namespace: ${within}, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "${within}"`,
      },
    ]);
  });

  it('is kept where its owner is of a kind that is not served, or may not own it', async () => {
    const within = await namespace();
    await make(within, 'a', [{ apiVersion: 'none.io/v1', kind: 'None', metadata: { name: 'x', uid: 'x' } }]);
    const role = (owner: Made) => ({ metadata: { name: within, ownerReferences: [referenceTo(owner)] } });
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    await cluster.call(
      'POST',
      path,
      role({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', uid: 'x' } }),
    );
    expect(await left(within)).toEqual(['a']);
    expect((await cluster.call('GET', `${path}/${within}`)).status).toBe(200);
  });

  it('may be custom resources, and be owned by them', async () => {
    await define(server, cluster, definition('gc.example.com'));
    const within = await namespace();
    const owner = await make(within, 'owner');
    const path = crontabs('gc.example.com', 'v1', within);
    const tab = {
      apiVersion: 'gc.example.com/v1',
      kind: 'CronTab',
      metadata: { name: 'tab', ownerReferences: [referenceTo(owner)] },
    };
    const { json } = await cluster.call('POST', path, tab);
    await make(within, 'last', [json]);
    await remove(within, 'owner', 'Foreground');
    expect(await left(within)).toEqual([]);
    expect((await cluster.call('GET', `${path}/tab`)).status).toBe(404);
  });

  it('stays by itself of Jobs and ReplicationControllers', async () => {
    const within = await namespace();
    const { json } = await cluster.call('POST', `/api/v1/namespaces/${within}/replicationcontrollers`, {
      metadata: { name: 'rc' },
      spec: {
        selector: { a: 'b' },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    await make(within, 'a', [json]);
    await cluster.call('DELETE', `/api/v1/namespaces/${within}/replicationcontrollers/rc`);
    expect(await left(within)).toEqual(['a']);
  });
});

describe('a deletion', () => {
  it('that waits for dependents may be told not to', async () => {
    const within = await namespace();
    const owner = await make(within, 'owner');
    await make(within, 'held', [owner], blocking);
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: ['x.io/y'] } }, merge);
    await remove(within, 'owner', 'Foreground');
    await remove(within, 'owner');
    expect(await left(within)).toEqual(['held', 'owner']);
    expect((await remove(within, 'owner', 'Background')).json.status).toBe('Success');
    await cluster.call('PATCH', at(within, 'held'), { metadata: { finalizers: null } }, merge);
    expect(await left(within)).toEqual([]);
  });

  it('that says it the old way is answered as one that has begun', async () => {
    const within = await namespace();
    await make(within, 'a');
    await cluster.call('PATCH', at(within, 'a'), { metadata: { finalizers: ['x.io/y'] } }, merge);
    expect((await cluster.call('DELETE', at(within, 'a'), { orphanDependents: false })).status).toBe(202);
    await cluster.call('PATCH', at(within, 'a'), { metadata: { finalizers: null } }, merge);
  });
});

describe('owner references', () => {
  const whole = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };
  const cases: readonly (readonly [what: string, references: readonly object[], message: string])[] = [
    [
      'say everything of the owner',
      [{}],
      '[metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty, metadata.ownerReferences.kind: Invalid value: "": must not be empty, metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]',
    ],
    [
      'name one controller at most',
      [
        { ...whole, controller: true },
        { ...whole, name: 'y', uid: 'y', controller: true },
      ],
      'Only one reference can have Controller set to true. Found "true" in references for x and y',
    ],
    ['name no events', [{ ...whole, kind: 'Event' }], '/v1, Kind=Event is disallowed from being an owner'],
  ];
  it.each(cases)('%s', async (_what, ownerReferences, message) => {
    const { status, json } = await cluster.call('POST', at('default'), {
      metadata: { name: 'refs', ownerReferences },
    });
    expect([status, json.message]).toEqual([422, expect.stringContaining(message)]);
  });
});

it('leaves no trouble behind', () => expect(server.troubles()).toEqual([]));
