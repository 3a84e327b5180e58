import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { define, definition } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

let namespaces = 0;
/** A namespace of the test's own. */
async function namespace(): Promise<string> {
  const name = `ssa-${++namespaces}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
  return name;
}

const configMap = (data?: object, metadata: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap' },
  metadata: { name: 'a', ...metadata },
  ...(data && { data }),
});

const deployment = (spec: object, metadata: object = {}) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', ...metadata } },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
    },
    ...spec,
  },
});

const pathOf = (
  body: { readonly apiVersion: string; readonly kind: string },
  within: string,
  name: string,
) =>
  body.apiVersion === 'v1'
    ? `/api/v1/namespaces/${within}/${body.kind.toLowerCase()}s/${name}`
    : `/apis/${body.apiVersion}/namespaces/${within}/${body.kind.toLowerCase()}s/${name}`;

type Body = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
};

const apply = (within: string, manager: string, body: Body, query = '', subresource = '') =>
  cluster.call(
    'PATCH',
    `${pathOf(body, within, body.metadata.name)}${subresource}?fieldManager=${manager}${query}`,
    body,
    { 'content-type': 'application/apply-patch+yaml' },
  );

const at = (within: string) => pathOf(configMap(), within, 'a');
const as = (manager: string) => `?fieldManager=${manager}`;
const merge = { 'content-type': 'application/merge-patch+json' };

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Readonly<Record<string, object>>;
}

/** Who owns what, by manager and operation. */
const owners = (object: { readonly metadata: { readonly managedFields?: readonly Entry[] } }) =>
  (object.metadata.managedFields ?? []).map(
    ({ manager, operation, subresource, fieldsV1 }) =>
      [`${manager} ${operation}${subresource ? ` ${subresource}` : ''}`, fieldsV1] as const,
  );

describe('who writes an object', () => {
  it('owns what he made, by the name of his program', async () => {
    const within = await namespace();
    const { json } = await cluster.call(
      'POST',
      `/api/v1/namespaces/${within}/configmaps`,
      configMap({ x: '1' }),
      {
        'user-agent': 'harbourmaster/v1.2 (linux/amd64)',
      },
    );
    expect(json.metadata.managedFields).toEqual([
      {
        ...{ manager: 'harbourmaster', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' },
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
      },
    ]);
  });

  it('owns what was set by default, and named items by their keys', async () => {
    const within = await namespace();
    const { json } = await cluster.call(
      'POST',
      `/apis/apps/v1/namespaces/${within}/deployments${as('maker')}`,
      deployment({ replicas: 2 }),
    );
    const spec = owners(json)[0]?.[1]['f:spec'];
    expect(spec).toMatchObject({
      ...{ 'f:replicas': {}, 'f:progressDeadlineSeconds': {}, 'f:selector': {} },
      'f:strategy': {
        'f:type': {},
        'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
      },
      'f:template': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:resources': {} } },
        },
      },
    });
    expect(spec).not.toHaveProperty(['f:template', '.']);
  });

  it('takes what he changes from others, and what he removes is nobody’s', async () => {
    const within = await namespace();
    await cluster.call(
      'POST',
      `/api/v1/namespaces/${within}/configmaps${as('one')}`,
      configMap({ x: '1', y: '1', z: '1' }),
    );
    const { json } = await cluster.call(
      'PATCH',
      at(within) + as('two'),
      { data: { x: '2', y: null, w: '1' } },
      merge,
    );
    expect(owners(json)).toEqual([
      ['one Update', { 'f:data': { '.': {}, 'f:z': {} } }],
      ['two Update', { 'f:data': { 'f:x': {}, 'f:w': {} } }],
    ]);
  });

  it('is told apart by the endpoint that he writes through', async () => {
    const within = await namespace();
    const path = `/apis/apps/v1/namespaces/${within}/deployments`;
    await cluster.call('POST', path + as('maker'), deployment({ replicas: 1 }));
    await cluster.call('PATCH', `${path}/web/scale${as('scaler')}`, { spec: { replicas: 3 } }, merge);
    const { json } = await cluster.call(
      'PATCH',
      `${path}/web/status${as('watcher')}`,
      { status: { replicas: 77 } },
      merge,
    );
    const entries = Object.fromEntries(owners(json));
    expect(entries['scaler Update scale']).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(entries['watcher Update status']).toEqual({ 'f:status': { 'f:replicas': {} } });
    expect(entries['maker Update']?.['f:spec']).not.toHaveProperty('f:replicas');
  });

  it('is one of ten at most: older ones become one', async () => {
    const within = await namespace();
    await cluster.call('POST', `/api/v1/namespaces/${within}/configmaps${as('m0')}`, configMap({ k0: '' }));
    let json: Awaited<ReturnType<TestCluster['call']>>['json'];
    for (let index = 1; index <= 11; index++)
      ({ json } = await cluster.call(
        'PATCH',
        at(within) + as(`m${index}`),
        { data: { [`k${index}`]: '' } },
        merge,
      ));
    const names = owners(json).map(([name]) => name);
    expect(names).toHaveLength(10);
    expect(names[0]).toBe('ancient-changes Update');
  });

  it('clears who owns what by an empty entry, and nobody is tracked from then on; an empty list says nothing', async () => {
    const within = await namespace();
    await cluster.call('POST', `/api/v1/namespaces/${within}/configmaps${as('one')}`, configMap({ x: '1' }));
    const kept = await cluster.call('PATCH', at(within), { metadata: { managedFields: [] } }, merge);
    expect(owners(kept.json)).toHaveLength(1);
    const cleared = await cluster.call('PATCH', at(within), { metadata: { managedFields: [{}] } }, merge);
    expect(cleared.json.metadata).not.toHaveProperty('managedFields');
    const later = await cluster.call('PATCH', at(within) + as('two'), { data: { x: '2' } }, merge);
    expect(later.json.metadata).not.toHaveProperty('managedFields');
    const applied = await apply(within, 'three', configMap({ y: '1' }));
    expect(owners(applied.json)).toEqual([
      ['three Apply', { 'f:data': { 'f:y': {} } }],
      ['before-first-apply Update', { 'f:data': { '.': {}, 'f:x': {} } }],
    ]);
  });
});

describe('applying', () => {
  it('makes what is not there, and changes nothing the second time', async () => {
    const within = await namespace();
    const made = await apply(within, 'one', configMap({ x: '1' }));
    expect([made.status, owners(made.json)]).toEqual([201, [['one Apply', { 'f:data': { 'f:x': {} } }]]]);
    const again = await apply(within, 'one', configMap({ x: '1' }));
    expect([again.status, again.json]).toEqual([200, made.json]);
  });

  it('takes back what is not said any more and nobody else owns', async () => {
    const within = await namespace();
    await apply(within, 'one', configMap({ x: '1', y: '1', z: '1' }));
    await apply(within, 'two', configMap({ y: '1' }));
    const { json } = await apply(within, 'one', configMap({ x: '1' }));
    expect(json.data).toEqual({ x: '1', y: '1' });
    expect((await apply(within, 'one', configMap())).json.data).toEqual({ y: '1' });
    expect((await apply(within, 'two', configMap())).json).not.toHaveProperty('data');
  });

  it('conflicts over what somebody else owns, unless forced', async () => {
    const within = await namespace();
    await cluster.call(
      'POST',
      `/apis/apps/v1/namespaces/${within}/deployments${as('one')}`,
      deployment({ replicas: 1 }),
    );
    const wanted = deployment({ replicas: 2 });
    const refused = await apply(within, 'two', wanted);
    expect(refused.json).toEqual({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Conflict', code: 409 },
      message: 'Apply failed with 1 conflict: conflict with "one" using apps/v1: .spec.replicas',
      details: {
        causes: [
          {
            reason: 'FieldManagerConflict',
            message: 'conflict with "one" using apps/v1',
            field: '.spec.replicas',
          },
        ],
      },
    });
    const forced = await apply(within, 'two', wanted, '&force=true');
    expect([forced.status, forced.json.spec.replicas]).toEqual([200, 2]);
    const entries = Object.fromEntries(owners(forced.json));
    expect(entries['one Update']?.['f:spec']).not.toHaveProperty('f:replicas');
  });

  it('names every conflict, those of one manager together', async () => {
    const within = await namespace();
    await apply(within, 'one', configMap({ x: '1', y: '1' }, { labels: { a: 'b' } }));
    await apply(within, 'two', configMap({ z: '1' }));
    const { json } = await apply(
      within,
      'three',
      configMap({ x: '2', y: '2', z: '2' }, { labels: { a: 'c' } }),
    );
    expect(json.message).toBe(
      'Apply failed with 4 conflicts: conflicts with "one":\n- .data.x\n- .data.y\n- .metadata.labels.a\nconflicts with "two":\n- .data.z',
    );
  });

  it('merges lists by the names of their items', async () => {
    const within = await namespace();
    const withEnv = (image: string, env: readonly object[]) =>
      deployment({
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image, env }] } },
      });
    await apply(within, 'one', withEnv('nginx:1', [{ name: 'A', value: '1' }]));
    const sidecar = deployment({
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'c', env: [{ name: 'B', value: '2' }] },
            { name: 'd', image: 'x:1' },
          ],
        },
      },
    });
    const { json } = await apply(within, 'two', sidecar);
    expect(json.spec.template.spec.containers).toMatchObject([
      {
        name: 'c',
        image: 'nginx:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'd', image: 'x:1' },
    ]);
    const refused = await apply(within, 'two', withEnv('nginx:2', []));
    expect(refused.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="c"].image',
    );
  });

  it('is only tried with dryRun', async () => {
    const within = await namespace();
    const tried = await apply(within, 'one', configMap({ x: '1' }), '&dryRun=All');
    expect([tried.status, tried.json.data]).toEqual([201, { x: '1' }]);
    expect((await cluster.call('GET', at(within))).status).toBe(404);
  });

  it('writes the scale and the status of an object', async () => {
    const within = await namespace();
    await apply(within, 'one', deployment({ replicas: 1 }));
    const scale = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'web' },
      spec: { replicas: 4 },
    };
    const path = `/apis/apps/v1/namespaces/${within}/deployments/web`;
    const type = { 'content-type': 'application/apply-patch+yaml' };
    const refused = await cluster.call('PATCH', `${path}/scale${as('two')}`, scale, type);
    expect(refused.json.message).toContain('conflict with "one": .spec.replicas');
    const { json } = await cluster.call('PATCH', `${path}/scale${as('two')}&force=true`, scale, type);
    expect(json).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } });
    const status = { ...deployment({ replicas: 9 }), status: { replicas: 4 } };
    const { json: last } = await apply(within, 'three', status, '&force=true', '/status');
    expect([last.spec.replicas, last.status.replicas]).toEqual([4, 4]);
    const entries = Object.fromEntries(owners(last));
    expect(entries['two Apply scale']).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(entries['three Apply status']).toEqual({ 'f:status': { 'f:replicas': {} } });
  });

  it('goes on where kubectl had applied the old way', async () => {
    const within = await namespace();
    const old = configMap({ x: '1', y: '1' });
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    await cluster.call(
      'POST',
      `/api/v1/namespaces/${within}/configmaps${as('kubectl-client-side-apply')}`,
      configMap({ x: '1', y: '1' }, { annotations: { [annotation]: `${JSON.stringify(old)}\n` } }),
    );
    const other = await apply(within, 'other', configMap({ x: '2' }));
    expect(other.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.x',
    );
    const { status, json } = await apply(within, 'kubectl', configMap({ x: '2', y: '1' }));
    expect([status, json.data]).toEqual([200, { x: '2', y: '1' }]);
    expect(json.metadata.annotations[annotation]).toBe(
      '{"apiVersion":"v1","data":{"x":"2","y":"1"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });

  const refusals: readonly (readonly [
    what: string,
    query: string,
    body: object,
    code: number,
    message: string,
  ])[] = [
    [
      'nobody’s name',
      '',
      configMap({}),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'managed fields',
      '?fieldManager=one',
      configMap({}, { managedFields: [] }),
      400,
      'metadata.managedFields must be nil',
    ],
    [
      'another kind',
      '?fieldManager=one',
      { ...configMap(), kind: 'Secret' },
      400,
      'invalid object type: /v1, Kind=Secret',
    ],
    [
      'another name',
      '?fieldManager=one',
      configMap({}, { name: 'b' }),
      400,
      'the name of the object (b) does not match the name on the URL (a)',
    ],
    [
      'a field that the kind does not have',
      '?fieldManager=one',
      { ...configMap({ x: 1 }), foo: 1 },
      500,
      'failed to create typed patch object (NS/a; /v1, Kind=ConfigMap): errors:\n  .data.x: expected string, got 1\n  .foo: field not declared in schema',
    ],
    [
      'an object of which it knows the uid, and there is none',
      '?fieldManager=one',
      configMap({}, { uid: 'u' }),
      409,
      'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
  ];
  it.each(refusals)('is refused with %s', async (_what, query, body, code, message) => {
    const within = await namespace();
    const type = { 'content-type': 'application/apply-patch+yaml' };
    const { status, json } = await cluster.call('PATCH', at(within) + query, body, type);
    expect([status, json.message]).toEqual([code, message.replace('NS', within)]);
  });

  it('of force is for those who apply', async () => {
    const within = await namespace();
    const { json } = await cluster.call('PATCH', `${at(within)}?force=true`, {}, merge);
    expect(json.message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });
});

describe('a custom resource', () => {
  const port = {
    type: 'object',
    required: ['port'],
    properties: {
      port: { type: 'integer' },
      protocol: { type: 'string', default: 'TCP' },
      note: { type: 'string' },
    },
  };
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          replicas: { type: 'integer' },
          args: { type: 'array', items: { type: 'string' } },
          tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
          ports: {
            ...{ type: 'array', items: port, 'x-kubernetes-list-type': 'map' },
            'x-kubernetes-list-map-keys': ['port', 'protocol'],
          },
          selector: {
            type: 'object',
            additionalProperties: { type: 'string' },
            'x-kubernetes-map-type': 'atomic',
          },
          anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  };
  const tab = (spec: object) => ({
    apiVersion: 'ssa.example.com/v1',
    kind: 'CronTab',
    metadata: { name: 'a' },
    spec,
  });

  it('merges as its schema says', async () => {
    await define(
      server,
      cluster,
      definition('ssa.example.com', {
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      }),
    );
    const within = await namespace();
    const one = {
      args: ['x'],
      tags: ['a'],
      ports: [{ port: 80, note: '1' }],
      selector: { a: 'b' },
      anything: { p: { q: 1 } },
    };
    const made = await apply(within, 'one', tab(one));
    expect([made.status, owners(made.json)]).toEqual([
      201,
      [
        [
          'one Apply',
          {
            'f:spec': {
              ...{ 'f:args': {}, 'f:selector': {}, 'f:tags': { 'v:"a"': {} } },
              'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:note': {} } },
              'f:anything': { 'f:p': { '.': {}, 'f:q': {} } },
            },
          },
        ],
      ],
    ]);
    const { json } = await apply(
      within,
      'two',
      tab({ tags: ['b'], ports: [{ port: 81 }], anything: { p: { r: 2 } } }),
    );
    expect(json.spec).toMatchObject({
      ...{
        args: ['x'],
        tags: ['a', 'b'],
        ports: [{ port: 80 }, { port: 81 }],
        anything: { p: { q: 1, r: 2 } },
      },
    });
    const refused = await apply(within, 'two', tab({ args: ['y'], selector: { c: 'd' } }));
    expect(refused.json.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.args\n- .spec.selector',
    );
    const unknown = await apply(within, 'two', tab({ foo: 1 }));
    expect(unknown.json.message).toBe(
      `failed to create typed patch object (${within}/a; ssa.example.com/v1, Kind=CronTab): .spec.foo: field not declared in schema`,
    );
  });
});
