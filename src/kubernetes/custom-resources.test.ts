import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { crontabs, define, definition, definitionsPath } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const merge = { 'content-type': 'application/merge-patch+json' };
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

async function groupsOf(of: TestCluster): Promise<readonly string[]> {
  const { json } = await of.call('GET', '/apis');
  return json.groups.map(({ name }: { readonly name: string }) => name);
}

describe('a CustomResourceDefinition', () => {
  it('is established, and its kind is in every form of discovery at once', async () => {
    const group = 'discovery.example.com';
    const { json: before, headers } = await cluster.call('GET', '/apis', undefined, {
      accept: aggregatedType,
    });
    expect(before.items.map((it: { metadata: object }) => it.metadata)).not.toContainEqual({ name: group });
    const established = await define(server, cluster, definition(group));
    expect(established.status).toMatchObject({
      acceptedNames: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', listKind: 'CronTabList' },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    });
    expect(await groupsOf(cluster)).toContain(group);
    const { json: list } = await cluster.call('GET', `/apis/${group}/v1`);
    expect(list.resources).toMatchObject([
      {
        ...{
          name: 'crontabs',
          singularName: 'crontab',
          namespaced: true,
          kind: 'CronTab',
          shortNames: ['ct'],
        },
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ]);
    const after = await cluster.call('GET', '/apis', undefined, { accept: aggregatedType });
    expect(after.headers.etag).not.toBe(headers.etag);
    const named = after.json.items.find(
      ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name === group,
    );
    expect(named).toMatchObject({
      versions: [{ version: 'v1', resources: [{ resource: 'crontabs', scope: 'Namespaced' }] }],
    });
    const { json: openapi } = await cluster.call('GET', `/openapi/v3/apis/${group}/v1`);
    expect(Object.keys(openapi.components.schemas)).toContain('com.example.discovery.v1.CronTab');
  });

  it('is not established while another has its names, and is when that one has gone', async () => {
    const group = 'names.example.com';
    await define(server, cluster, definition(group));
    const names = {
      plural: 'tabs',
      singular: 'tab',
      kind: 'CronTab',
      listKind: 'TabList',
      shortNames: ['ct'],
    };
    await cluster.call('POST', definitionsPath, definition(group, { names }));
    await server.reconcilers.idle();
    const at = `${definitionsPath}/tabs.${group}`;
    const { json: waiting } = await cluster.call('GET', at);
    expect(waiting.status.conditions).toMatchObject([
      {
        type: 'NamesAccepted',
        status: 'False',
        reason: 'KindConflict',
        message: '"CronTab" is already in use',
      },
      { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    ]);
    expect((await cluster.call('GET', `/apis/${group}/v1/tabs`)).status).toBe(404);
    await cluster.call('DELETE', `${definitionsPath}/crontabs.${group}`);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', `/apis/${group}/v1/tabs`)).json.kind).toBe('TabList');
  });

  it('lists its versions as Kubernetes prefers them', async () => {
    const group = 'versions.example.com';
    const names = ['v1beta1', 'v10', 'v2', 'v2alpha1', 'foo'];
    const { versions } = definition(group).spec;
    await define(
      server,
      cluster,
      definition(group, {
        versions: names.map((name) => ({ ...versions[0], name, storage: name === 'v2' })),
      }),
    );
    const { json } = await cluster.call('GET', `/apis/${group}`);
    expect(json.versions.map(({ version }: { version: string }) => version)).toEqual([
      ...['v10', 'v2', 'v1beta1', 'v2alpha1', 'foo'],
    ]);
    expect(json.preferredVersion).toEqual({ groupVersion: `${group}/v10`, version: 'v10' });
    const at = crontabs(group, 'v1beta1');
    const { status, json: made } = await cluster.call('POST', at, {
      metadata: { name: 'a' },
      spec: { x: 1 },
    });
    expect([status, made.apiVersion]).toEqual([201, `${group}/v1beta1`]);
    const { json: other } = await cluster.call('GET', `${crontabs(group, 'v10')}/a`);
    expect(other).toEqual({ ...made, apiVersion: `${group}/v10` });
  });

  it('is gone when its objects are, and with them what discovery says', async () => {
    const group = 'removal.example.com';
    await define(server, cluster, definition(group));
    const finalizers = ['example.com/held'];
    await cluster.call('POST', crontabs(group), { metadata: { name: 'held', finalizers } });
    await cluster.call('POST', crontabs(group), { metadata: { name: 'free' } });
    const at = `${definitionsPath}/crontabs.${group}`;
    const { json: deleted } = await cluster.call('DELETE', at);
    expect(deleted).toMatchObject({
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
      status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Terminating' })]) },
    });
    await expect.poll(async () => (await cluster.call('GET', `${crontabs(group)}/free`)).status).toBe(404);
    const refused = await cluster.call('POST', crontabs(group), { metadata: { name: 'late' } });
    expect([refused.status, refused.json.message]).toEqual([
      405,
      'create not allowed while custom resource definition is terminating',
    ]);
    await cluster.call('PATCH', `${crontabs(group)}/held`, { metadata: { finalizers: null } }, merge);
    await expect.poll(async () => (await cluster.call('GET', at)).status).toBe(404);
    expect(await groupsOf(cluster)).not.toContain(group);
    expect((await cluster.call('GET', crontabs(group))).status).toBe(404);
  });

  it('takes its watchers along, and those who watch by a schema that changes', async () => {
    const group = 'watched.example.com';
    await define(server, cluster, definition(group));
    await cluster.call('POST', crontabs(group), { metadata: { name: 'a' } });
    const at = `${definitionsPath}/crontabs.${group}`;
    const watching = () => cluster.call('GET', `${crontabs(group)}?watch=true&timeoutSeconds=60`);
    let isOver = false;
    const before = watching().finally(() => {
      isOver = true;
    });
    const { versions } = definition(group).spec;
    const [first] = versions;
    const openAPIV3Schema = { ...first?.schema.openAPIV3Schema, description: 'changed' };
    const spec = { versions: [{ ...first, schema: { openAPIV3Schema } }] };
    // Again, for the first change may come before the watch does.
    const change = async () => {
      await cluster.call('PATCH', at, { spec }, merge);
      openAPIV3Schema.description += '!';
      return isOver;
    };
    await expect.poll(change).toBe(true);
    expect((await before).text).toContain('"ADDED"');
    const after = watching();
    await cluster.call('DELETE', at);
    expect((await after).text).not.toContain('"ERROR"');
    expect((await cluster.call('GET', crontabs(group))).status).toBe(404);
  });

  it('is served again after a restart, and goes with its cluster', async () => {
    const clock = systemClock();
    await using store = openMemoryStore({ clock });
    const group = 'restart.example.com';
    const first = await startEks({ store });
    const harbor = await first.cluster('harbor');
    await define(first, harbor, definition(group));
    await harbor.call('POST', crontabs(group), { metadata: { name: 'a' } });
    await first[Symbol.asyncDispose]();
    await using second = await startEks({ store });
    const again = await second.found('harbor');
    expect((await again.call('GET', `${crontabs(group)}/a`)).status).toBe(200);
    await second.eks.deleteCluster({ name: 'harbor' });
    await second.reconcilers.idle();
    expect((await store.read('/kubernetes/')).entries).toEqual([]);
  });

  const refusals: readonly (readonly [what: string, spec: object, message: string])[] = [
    [
      'another name',
      { group: 'other.com' },
      'metadata.name: Invalid value: "crontabs.bad.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a group without a dot',
      { group: 'x' },
      'spec.group: Invalid value: "x": should be a domain with at least one dot',
    ],
    [
      'another scope',
      { scope: 'World' },
      'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    ['no versions', { versions: [] }, 'must have exactly one version marked as storage version'],
    [
      'no schema',
      { versions: [{ name: 'v1', served: true, storage: true }] },
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      'a webhook that converts and is not told of',
      { conversion: { strategy: 'Webhook' } },
      'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
    ],
    [
      'a webhook over plain HTTP',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'http://hook' }, conversionReviewVersions: ['v1'] },
        },
      },
      'spec.conversion.webhookClientConfig.url: Invalid value: "http://hook": \'https\' is the only allowed URL scheme',
    ],
    [
      'reviews in a version that there is not',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://hook' }, conversionReviewVersions: ['v7'] },
        },
      },
      'spec.conversion.conversionReviewVersions: Invalid value: ["v7"]: must include at least one of v1, v1beta1',
    ],
    [
      'a webhook that nobody asks',
      { conversion: { strategy: 'None', webhook: { clientConfig: { url: 'https://hook' } } } },
      'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
    ],
  ];
  it.each(refusals)('is refused with %s', async (_what, spec, message) => {
    const { status, json } = await cluster.call('POST', definitionsPath, definition('bad.example.com', spec));
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});

describe('a custom object', () => {
  it('is created, read, listed, watched, patched and deleted', async () => {
    const group = 'objects.example.com';
    await define(server, cluster, definition(group));
    const at = crontabs(group);
    const { json: made } = await cluster.call('POST', at, { metadata: { name: 'a' }, spec: { replicas: 1 } });
    expect(made).toMatchObject({ apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { generation: 1 } });
    const { json: list } = await cluster.call('GET', at);
    expect([list.kind, list.items.length]).toEqual(['CronTabList', 1]);
    const patched = await cluster.call('PATCH', `${at}/a`, { spec: { replicas: 2 } }, merge);
    expect(patched.json).toMatchObject({ spec: { replicas: 2 }, metadata: { generation: 2 } });
    const strategic = await cluster.call(
      'PATCH',
      `${at}/a`,
      {},
      {
        'content-type': 'application/strategic-merge-patch+json',
      },
    );
    expect(strategic.status).toBe(415);
    const unversioned = await cluster.call('PUT', `${at}/a`, { metadata: { name: 'a' }, spec: {} });
    expect(unversioned.json.message).toContain(
      'metadata.resourceVersion: Invalid value: 0: must be specified',
    );
    const { text } = await cluster.call(
      'GET',
      `${at}?watch=true&resourceVersion=${made.metadata.resourceVersion}&timeoutSeconds=1`,
    );
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      type: 'MODIFIED',
      object: { apiVersion: `${group}/v1`, spec: { replicas: 2 } },
    });
    const { json: partial } = await cluster.call('GET', `${at}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(partial).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect((await cluster.call('DELETE', at)).json.items.length).toBe(1);
    expect((await cluster.call('GET', at)).json.items).toEqual([]);
  });

  it('is no deeper than any object is', async () => {
    const group = 'depth.example.com';
    await define(server, cluster, definition(group));
    const deep = Buffer.from(
      `{"metadata":{"name":"a"},"spec":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    );
    const { status, json } = await cluster.call('POST', crontabs(group), deep);
    expect([status, json.message]).toEqual([
      400,
      expect.stringMatching(
        /^the object provided is unrecognized \(must be of type CronTab\): json: exceeded max depth \(/,
      ),
    ]);
  });

  it('goes with its namespace', async () => {
    const group = 'namespaced.example.com';
    await define(server, cluster, definition(group));
    await cluster.call('POST', '/api/v1/namespaces', { metadata: { name: 'doomed' } });
    await cluster.call('POST', crontabs(group, 'v1', 'doomed'), { metadata: { name: 'a' } });
    await cluster.call('DELETE', '/api/v1/namespaces/doomed');
    await expect.poll(async () => (await cluster.call('GET', '/api/v1/namespaces/doomed')).status).toBe(404);
    expect((await cluster.call('GET', `/apis/${group}/v1/crontabs`)).json.items).toEqual([]);
  });
});

describe('a schema of a custom resource', () => {
  const group = 'schemas.example.com';
  const schema = {
    type: 'object',
    required: ['spec'],
    properties: {
      spec: {
        type: 'object',
        required: ['cron'],
        properties: {
          cron: { type: 'string', pattern: '^(\\S+ ){4}\\S+$' },
          replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
          color: { type: 'string', enum: ['red', 'blue'] },
        },
      },
      status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
    },
  };
  const version = {
    ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
    subresources: {
      status: {},
      scale: {
        ...{ specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: [
      { name: 'Cron', type: 'string', jsonPath: '.spec.cron' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    selectableFields: [{ jsonPath: '.spec.color' }],
  };
  const cron = '* * * * */5';
  const at = crontabs(group);
  const named = (name: string, spec: object, more: object = {}) => ({ metadata: { name }, spec, ...more });
  beforeAll(() => define(server, cluster, definition(group, { versions: [version] })));

  it('sets what nobody said, and prunes what it does not know, with a warning or a refusal', async () => {
    const body = named('pruned', { cron, image: 'x' });
    const { json, headers } = await cluster.call('POST', at, body);
    expect(json.spec).toEqual({ cron, replicas: 1 });
    expect(headers.warning).toBe('299 - "unknown field \\"spec.image\\""');
    const strict = await cluster.call('POST', `${at}?fieldValidation=Strict`, named('strict', body.spec));
    expect([strict.status, strict.json.message]).toEqual([
      400,
      'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.image"',
    ]);
  });

  it('tells what is twice before what it does not know, and that by name', async () => {
    const text = '{"metadata":{"name":"order","odd":1},"spec":{"zoo":1,"foo":1,"foo":2},"foo":1}';
    const { json } = await cluster.call('POST', `${at}?fieldValidation=Strict`, Buffer.from(text));
    expect(json.message).toMatch(
      /error: duplicate field "spec\.foo", unknown field "metadata\.odd", unknown field "foo", unknown field "spec\.foo", unknown field "spec\.zoo"$/,
    );
  });

  it('refuses what does not follow it, with a cause for each field', async () => {
    const { status, json } = await cluster.call('POST', at, named('bad', { replicas: 'x', color: 'green' }));
    expect(status).toBe(422);
    expect(json.message).toBe(
      'CronTab.schemas.example.com "bad" is invalid: [spec.cron: Required value, spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", spec.color: Unsupported value: "green": supported values: "red", "blue"]',
    );
    expect(json.details.causes).toMatchObject([
      { reason: 'FieldValueRequired', field: 'spec.cron', message: 'Required value' },
      { reason: 'FieldValueTypeInvalid', field: 'spec.replicas' },
      { reason: 'FieldValueNotSupported', field: 'spec.color' },
    ]);
  });

  it('keeps status and spec apart, and counts the changes of the spec', async () => {
    const { json: made } = await cluster.call(
      'POST',
      at,
      named('apart', { cron }, { status: { replicas: 9 } }),
    );
    expect([made.status, made.metadata.generation]).toEqual([undefined, 1]);
    const own = `${at}/apart`;
    const status = { status: { replicas: 2 }, spec: { cron: 'x' } };
    const { json: reported } = await cluster.call('PATCH', `${own}/status`, status, merge);
    expect(reported).toMatchObject({ spec: { cron }, status: { replicas: 2 }, metadata: { generation: 1 } });
    const { json: changed } = await cluster.call(
      'PATCH',
      own,
      { spec: { replicas: 3 }, status: { replicas: 7 } },
      merge,
    );
    expect(changed).toMatchObject({
      spec: { replicas: 3 },
      status: { replicas: 2 },
      metadata: { generation: 2 },
    });
  });

  it('says where its scale is', async () => {
    await cluster.call('POST', at, named('scaled', { cron, replicas: 2 }));
    await cluster.call('PATCH', `${at}/scaled/status`, { status: { replicas: 1, selector: 'a=b' } }, merge);
    const { json: scale } = await cluster.call('GET', `${at}/scaled/scale`);
    expect(scale).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'a=b' },
    });
    await cluster.call('PUT', `${at}/scaled/scale`, { ...scale, spec: { replicas: 5 } });
    const { json } = await cluster.call('GET', `${at}/scaled`);
    expect(json).toMatchObject({ spec: { cron, replicas: 5 }, metadata: { generation: 2 } });
    const tooMany = await cluster.call('PATCH', `${at}/scaled/scale`, { spec: { replicas: 11 } }, merge);
    expect(tooMany.status).toBe(422);
  });

  it('says which columns a table of its objects has, and which fields select them', async () => {
    await cluster.call('POST', at, named('red', { cron, color: 'red' }));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json: table } = await cluster.call('GET', `${at}?fieldSelector=spec.color%3Dred`, undefined, {
      accept,
    });
    expect(table.columnDefinitions).toMatchObject([
      { name: 'Name', format: 'name', priority: 0 },
      { name: 'Cron', type: 'string', priority: 0 },
      { name: 'Replicas', type: 'integer', priority: 1 },
      { name: 'Age', type: 'date' },
    ]);
    expect(table.rows.map(({ cells }: { cells: unknown[] }) => cells)).toEqual([
      ['red', cron, 1, expect.stringMatching(/^\d+s$/)],
    ]);
    const other = await cluster.call('GET', `${at}?fieldSelector=spec.cron%3Dx`);
    expect([other.status, other.json.message]).toEqual([400, 'field label not supported: spec.cron']);
  });

  it('has rules in CEL, about what objects are and how they change', async () => {
    const group = 'rules.example.com';
    const rules = [
      { rule: 'self.min <= self.max', message: 'min is more than max', fieldPath: '.min' },
      { rule: 'self.max >= oldSelf.max', message: 'max may not shrink' },
    ];
    const properties = { min: { type: 'integer' }, max: { type: 'integer' } };
    const own = { type: 'object', properties, 'x-kubernetes-validations': rules };
    const openAPIV3Schema = { type: 'object', properties: { spec: own } };
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }];
    await define(server, cluster, definition(group, { versions }));
    const path = crontabs(group);
    const refused = await cluster.call('POST', path, named('a', { min: 2, max: 1 }));
    expect([refused.status, refused.json.message]).toEqual([
      422,
      'CronTab.rules.example.com "a" is invalid: spec.min: Invalid value: "object": min is more than max',
    ]);
    expect((await cluster.call('POST', path, named('a', { min: 1, max: 2 }))).status).toBe(201);
    const shrunk = await cluster.call('PATCH', `${path}/a`, { spec: { max: 1 } }, merge);
    expect(shrunk.json.message).toBe(
      'CronTab.rules.example.com "a" is invalid: spec: Invalid value: "object": max may not shrink',
    );
    own['x-kubernetes-validations'] = [{ rule: 'self.middle > 1', message: '', fieldPath: '' }];
    const { status, json } = await cluster.call(
      'POST',
      definitionsPath,
      definition('bad.example.com', { versions }),
    );
    expect(status).toBe(422);
    expect(json.message).toContain("compilation failed: ERROR: <input>:1:5: undefined field 'middle'");
  });

  it('is refused when no schema could be', async () => {
    const openAPIV3Schema = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { a: {} } } },
    };
    const versions = [{ ...version, schema: { openAPIV3Schema }, selectableFields: [] }];
    const { json } = await cluster.call('POST', definitionsPath, definition('bad.example.com', { versions }));
    expect(json.message).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "crontabs.bad.example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields',
    );
  });

  it('that changes changes what is read of what was kept before', async () => {
    await cluster.call('POST', at, named('kept', { cron, color: 'blue' }));
    const path = `${definitionsPath}/crontabs.${group}`;
    const narrower = structuredClone(version);
    const properties: Record<string, object> = narrower.schema.openAPIV3Schema.properties.spec.properties;
    delete properties.color;
    properties.zone = { type: 'string', default: 'utc' };
    narrower.selectableFields = [];
    const changed = await cluster.call('PATCH', path, { spec: { versions: [narrower] } }, merge);
    expect(changed.status).toBe(200);
    await server.reconcilers.idle();
    const { json } = await cluster.call('GET', `${at}/kept`);
    expect(json.spec).toEqual({ cron, replicas: 1, zone: 'utc' });
  });
});
