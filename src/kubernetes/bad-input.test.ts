import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterKey, clusters } from '../services/eks/index.ts';
import type { Json } from '../store/index.ts';
import { define, definition } from './testing/custom-definitions.ts';
import { type EksServer, scope, startEks, type TestCluster } from './testing/eks-server.ts';
import { allow, startWebhook } from './testing/webhook-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

/** Whoever asks for little is answered, whatever else is going on. */
const isWell = async (): Promise<boolean> =>
  (await cluster.call('GET', '/api/v1/namespaces/default')).status === 200;

describe('a body that says nothing', () => {
  const contentType = fc.constantFrom(
    ...['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/cbor'],
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // As far as the envelope it is one.
    fc.uint8Array({ maxLength: 200 }).map((it) => Buffer.concat([Buffer.from('k8s\0'), it])),
    fc.json({ maxDepth: 8 }).map((it) => Buffer.from(it)),
    fc.string({ maxLength: 100 }).map((it) => Buffer.from(`{"metadata":{"name":${it}`)),
  );
  const method = fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE');

  it('is refused in words, and nothing else comes of it', async () => {
    await fc.assert(
      fc.asyncProperty(contentType, bytes, method, async (type, body, how) => {
        const path = how === 'POST' ? configMaps : `${configMaps}/none`;
        const { status, json } = await cluster.call(how, path, Buffer.from(body), { 'content-type': type });
        expect([400, 404, 405, 415, 422]).toContain(status);
        expect(json.kind).toBe('Status');
      }),
      { numRuns: 150 },
    );
    expect(server.troubles()).toEqual([]);
  });

  it.each<readonly [what: string, body: string, message: RegExp]>([
    [
      'ends too soon',
      '{"metadata":',
      /^the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error: unexpected end of JSON input \({"metadata":\)$/,
    ],
    ['is empty', '', /: unexpected end of JSON input \(<empty>\)$/],
    [
      'is YAML where JSON is meant',
      'apiVersion: v1\nkind: ConfigMap\n',
      /: invalid character 'a' looking for beginning of value \(61706956657273696f6e3a2076310a6b696e643a20436f6e6669674d6170 \.\.\.\)$/,
    ],
    [
      'is a list',
      '[]',
      /json: cannot unmarshal array into Go value of type struct \{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" \} \(5b5d\)$/,
    ],
    [
      'has no text as its kind',
      '{"kind":5}',
      /number into Go struct field \.kind of type string \({"kind":5}\)$/,
    ],
    [
      'is of another kind',
      '{"apiVersion":"v1","kind":"Secret"}',
      /^Secret in version "v1" cannot be handled as a ConfigMap: converting \(v1\.Secret\) to \(core\.ConfigMap\): unknown conversion$/,
    ],
    [
      'is of no kind',
      '{"apiVersion":"v1","kind":"Ship"}',
      /^Ship in version "v1" cannot be handled as a ConfigMap: no kind "Ship" is registered for version "v1" in scheme /,
    ],
    ['is nested without end', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /exceeded max depth/],
  ])('%s', async (_what, body, message) => {
    const { status, json } = await cluster.call('POST', configMaps, Buffer.from(body), {
      'content-type': 'application/json',
    });
    expect([status, json.message]).toEqual([400, expect.stringMatching(message)]);
  });
});

it.each([
  [
    'application/json-patch+json',
    '[{]',
    /^error decoding patch: invalid character ']' looking for beginning/,
  ],
  [
    'application/json-patch+json',
    '{}',
    /^error decoding patch: json: cannot unmarshal object into Go value of type \[\]interface \{\}$/,
  ],
  [
    'application/merge-patch+json',
    '{"a":1,}',
    /^error decoding patch: invalid character '}' looking for beginning of/,
  ],
  [
    'application/merge-patch+json',
    '[]',
    /^error decoding patch: json: cannot unmarshal array into Go value of type map/,
  ],
  [
    'application/strategic-merge-patch+json',
    '{a:1}',
    /^invalid character 'a' looking for beginning of object key/,
  ],
  [
    'application/apply-patch+yaml',
    'a: 1\n  b: 2\n',
    /^error decoding YAML: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context$/,
  ],
  [
    'application/apply-patch+yaml',
    '- a',
    /^error decoding YAML: .*: cannot unmarshal array into Go value of type map/,
  ],
])('a patch of %s that is none: %s', async (type, body, message) => {
  const name = 'kube-root-ca.crt';
  const { status, json } = await cluster.call(
    'PATCH',
    `${configMaps}/${name}?fieldManager=test`,
    Buffer.from(body),
    {
      'content-type': type,
    },
  );
  expect([status, json.message]).toEqual([400, expect.stringMatching(message)]);
});

describe('objects of a megabyte and a half', () => {
  const group = 'large.example.com';
  const at = `/apis/${group}/v1/namespaces/default/crontabs`;
  const text = 'x'.repeat(1_500_000);

  it('are kept, patched, listed and watched, and larger ones than a request may be are refused', async () => {
    const schema = {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    };
    const version = { name: 'v1', served: true, storage: true, schema };
    await define(server, cluster, definition(group, { versions: [version] }));
    for (const name of ['a', 'b'])
      expect((await cluster.call('POST', at, { metadata: { name }, text })).status).toBe(201);
    const { json: patched } = await cluster.call('PATCH', `${at}/a`, { more: 1 }, merge);
    expect([patched.more, patched.text.length]).toEqual([1, text.length]);
    const { json: list, bytes } = await cluster.call('GET', at);
    expect([list.items.length, bytes.length > 3_000_000]).toEqual([2, true]);
    const watched = await cluster.call('GET', `${at}?watch=1&timeoutSeconds=1`);
    expect(watched.text.split('\n').filter((line) => line !== '')).toHaveLength(2);
    const tooLarge = await cluster.call('POST', at, { metadata: { name: 'c' }, text: text.repeat(3) });
    expect([tooLarge.status, tooLarge.json.reason, tooLarge.json.message]).toEqual([
      413,
      'RequestEntityTooLarge',
      'Request entity too large: limit is 3145728',
    ]);
    // A patch is small, what it makes is not.
    const grown = await cluster.call(
      'PATCH',
      `${at}/b`,
      { other: text, third: text.slice(0, 400_000) },
      merge,
    );
    expect(grown.status).toBeGreaterThanOrEqual(200);
    expect(await isWell()).toBe(true);
  });
});

it('10,000 objects are listed at once and in pages, and others are answered meanwhile', async () => {
  const lagoon = await server.cluster('lagoon');
  const { id = '' } = server.state.get(clusters, clusterKey(scope, 'lagoon')) ?? {};
  const prefix = `/kubernetes/${scope.accountId}/${scope.region}/configmaps/${id}/default`;
  const count = 10_000;
  const nameOf = (index: number) => `c-${String(index).padStart(5, '0')}`;
  for (let from = 0; from < count; from += 500)
    await server.store.commit(
      [],
      Array.from({ length: 500 }, (_, index) => {
        const name = nameOf(from + index);
        const value: Json = {
          ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { of: name } },
          metadata: { name, namespace: 'default', uid: name, labels: { page: String(index % 10) } },
        };
        return { type: 'put', key: `${prefix}/${name}`, value };
      }),
    );
  const listing = lagoon.call('GET', configMaps);
  expect((await lagoon.call('GET', '/api/v1/namespaces/default')).status).toBe(200);
  expect(await isWell()).toBe(true);
  const { json } = await listing;
  // The authority of the cluster is there as well.
  expect(json.items).toHaveLength(count + 1);
  const names = new Set<string>();
  const revisions = new Set<string>();
  let token = '';
  do {
    const page = await lagoon.call('GET', `${configMaps}?limit=3000&continue=${encodeURIComponent(token)}`);
    revisions.add(page.json.metadata.resourceVersion);
    for (const { metadata } of page.json.items) names.add(metadata.name);
    token = page.json.metadata.continue ?? '';
  } while (token !== '');
  expect(names.size).toBe(count + 1);
  // Whatever else the new cluster writes meanwhile, all pages are of the first one's.
  expect(revisions.size).toBe(1);
  const chosen = await lagoon.call('GET', `${configMaps}?labelSelector=page%3D7`);
  expect(chosen.json.items).toHaveLength(count / 10);
  await lagoon.call('DELETE', `${configMaps}?labelSelector=page%3D7`);
  expect((await lagoon.call('GET', configMaps)).json.items).toHaveLength(count - count / 10 + 1);
});

describe('a definition that is meant to hurt', () => {
  const version = (openAPIV3Schema: object) => ({
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  });
  const nested = (depth: number): object =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };
  const properties = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { type: 'string' }]));

  it.each<readonly [what: string, schema: object, message: RegExp]>([
    ['is too deep', nested(70), /schemas deeper than 64 are not supported/],
    ['is too wide', { type: 'object', properties: properties(50_001) }, /with more than 50000 parts/],
    ['leads to itself', { type: 'object', properties: { a: { $ref: '#' } } }, /\$ref is not supported/],
    [
      'has a pattern that nobody can match',
      { type: 'object', properties: { a: { type: 'string', pattern: '(?=a)(a|b' } } },
      /must be a valid regular expression/,
    ],
    [
      'has a rule that is no CEL',
      { type: 'object', 'x-kubernetes-validations': [{ rule: `${'('.repeat(5_000)}1` }] },
      /compilation failed|too deep|recursion/i,
    ],
  ])('and %s is refused', async (_what, schema, message) => {
    const { status, json } = await cluster.call(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definition('hostile.example.com', version(schema)),
    );
    expect([status, json.message]).toEqual([422, expect.stringMatching(message)]);
    expect(await isWell()).toBe(true);
  });

  it('by patterns and rules that take their time takes no more than its share', async () => {
    const group = 'slow.example.com';
    const schema = {
      type: 'object',
      properties: {
        word: { type: 'string', pattern: '^(a+)+$' },
        list: { type: 'array', items: { type: 'integer' }, maxItems: 1_000 },
      },
      // More than it may take when it is evaluated, and less than what is estimated to be too much.
      'x-kubernetes-validations': [{ rule: 'self.list.all(x, self.list.all(y, x + y >= 0))' }],
    };
    await define(server, cluster, definition(group, version(schema)));
    const at = `/apis/${group}/v1/namespaces/default/crontabs`;
    const list = Array.from({ length: 1_000 }, (_, index) => index);
    const word = `${'a'.repeat(50_000)}!`;
    const before = process.threadCpuUsage();
    const asked = cluster.call('POST', at, { metadata: { name: 'a' }, word: 'a', list });
    expect(await isWell()).toBe(true);
    const { status, json } = await asked;
    expect([status, json.message]).toEqual([
      422,
      expect.stringMatching(
        /call cost exceeds limit|running out of cost budget|no further validation rules/i,
      ),
    ]);
    const wrong = await cluster.call('POST', at, { metadata: { name: 'b' }, word, list: [] });
    expect([wrong.status, wrong.json.message]).toEqual([422, expect.stringMatching(/should match/)]);
    // Of the processor, which others may keep busy meanwhile.
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(10_000);
  });
});

it('a webhook that does what it is asked about ends by its time, and takes nobody along', async () => {
  const asked: Promise<unknown>[] = [];
  await using webhook = await startWebhook(async (review) => {
    // It is asked about this one as well, and so on.
    const more = cluster.call('POST', '/api/v1/namespaces/loop/configmaps', {
      metadata: { generateName: 'more-' },
    });
    asked.push(more);
    await more;
    return allow(review);
  });
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name: 'loop', labels: { loop: 'yes' } } });
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  await cluster.call('POST', path, {
    metadata: { name: 'loop' },
    webhooks: [
      {
        ...{ name: 'loop.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'] },
        ...{ failurePolicy: 'Fail', timeoutSeconds: 2 },
        clientConfig: { url: `https://127.0.0.1:${webhook.port}/`, caBundle: webhook.caBundle },
        namespaceSelector: { matchLabels: { loop: 'yes' } },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
      },
    ],
  });
  await server.reconcilers.idle();
  // Again where its time was up before it had asked twice.
  do {
    const first = cluster.call('POST', '/api/v1/namespaces/loop/configmaps', { metadata: { name: 'first' } });
    expect(await isWell()).toBe(true);
    expect((await first).json).toMatchObject({
      ...{ code: 500, message: expect.stringMatching(/context deadline exceeded$/) },
    });
  } while (asked.length < 2);
  await cluster.call('DELETE', `${path}/loop`);
  await Promise.all(asked);
  expect(await isWell()).toBe(true);
});
