import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crontabs, define, definition, definitionsPath } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { startWebhook, type WebhookAnswer, type WebhookServer } from './testing/webhook-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: objects of any form, which a webhook turns into others.
type Any = any;

/** `spec.host` and `spec.port` of v2 are `spec.hostPort` of v1. */
function converted(object: Any, apiVersion: string): Any {
  const { spec = {}, ...rest } = object;
  if (apiVersion.endsWith('/v1'))
    return { ...rest, apiVersion, spec: { hostPort: `${spec.host}:${spec.port}` } };
  const [host, port] = String(spec.hostPort).split(':');
  return { ...rest, apiVersion, spec: { host, port } };
}

const success = ({ request: { uid } }: Any, convertedObjects: readonly object[]) => ({
  ...{ kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' },
  response: { uid, result: { status: 'Success' }, convertedObjects },
});

const honest: WebhookAnswer = (review) =>
  success(
    review,
    review.request.objects.map((it: Any) => converted(it, review.request.desiredAPIVersion)),
  );

const merge = { 'content-type': 'application/merge-patch+json' };
const schemaOf = (...fields: readonly string[]) => ({
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: Object.fromEntries(fields.map((it) => [it, { type: 'string' }])),
      },
    },
  },
});

/** v1 and v2 of CronTabs, kept as v1. */
const versions = (stored: 'v1' | 'v2') => [
  { name: 'v1', served: true, storage: stored === 'v1', schema: schemaOf('hostPort') },
  { name: 'v2', served: true, storage: stored === 'v2', schema: schemaOf('host', 'port') },
];

async function defined(group: string, answer: WebhookAnswer): Promise<WebhookServer> {
  const webhook = await startWebhook(answer);
  await define(
    server,
    cluster,
    definition(group, {
      versions: versions('v1'),
      conversion: {
        strategy: 'Webhook',
        webhook: {
          clientConfig: {
            url: `https://127.0.0.1:${webhook.port}/convert`,
            caBundle: webhook.caBundle,
          },
          conversionReviewVersions: ['v1'],
        },
      },
    }),
  );
  return webhook;
}

const put = (group: string, name: string, hostPort: string) =>
  cluster.call('POST', crontabs(group), { ...tab(group, 'v1', name), spec: { hostPort } });

const tab = (group: string, version: string, name: string) => ({
  ...{ apiVersion: `${group}/${version}`, kind: 'CronTab', metadata: { name } },
});

describe('the conversion webhook of a CustomResourceDefinition', () => {
  it('is asked for what is read in another version, once for what is kept', async () => {
    const group = 'read.example.com';
    await using webhook = await defined(group, honest);
    await put(group, 'one', 'harbor:80');
    await put(group, 'two', 'quay:81');
    expect(webhook.reviews).toEqual([]);
    const { json: one } = await cluster.call('GET', `${crontabs(group, 'v2')}/one`);
    expect(one).toMatchObject({ apiVersion: `${group}/v2`, spec: { host: 'harbor', port: '80' } });
    expect(webhook.reviews[0].request.desiredAPIVersion).toBe(`${group}/v2`);
    await cluster.call('GET', `${crontabs(group, 'v2')}/one`);
    expect(webhook.reviews).toHaveLength(1);
    const { json: list } = await cluster.call('GET', crontabs(group, 'v2'));
    expect(list.items.map((it: Any) => it.spec)).toEqual([
      { host: 'harbor', port: '80' },
      { host: 'quay', port: '81' },
    ]);
    expect(webhook.reviews[1].request.objects.map((it: Any) => it.metadata.name)).toEqual(['two']);
    const { json: page } = await cluster.call('GET', `${crontabs(group, 'v2')}?limit=1`);
    expect(page.items).toMatchObject([{ spec: { port: '80' } }]);
    expect(page.metadata.continue).toBeTypeOf('string');
    expect(webhook.reviews).toHaveLength(2);
  });

  it('is asked for what is written in another version, and what was written is answered in that one', async () => {
    const group = 'write.example.com';
    await using webhook = await defined(group, honest);
    const { json: made, status } = await cluster.call('POST', crontabs(group, 'v2'), {
      ...tab(group, 'v2', 'one'),
      spec: { host: 'harbor', port: '80' },
    });
    expect(status).toBe(201);
    expect(made).toMatchObject({ apiVersion: `${group}/v2`, spec: { host: 'harbor', port: '80' } });
    const { json: kept } = await cluster.call('GET', `${crontabs(group)}/one`);
    expect(kept.spec).toEqual({ hostPort: 'harbor:80' });
    expect(kept.metadata.uid).toBe(made.metadata.uid);
    const { json: patched } = await cluster.call(
      ...(['PATCH', `${crontabs(group, 'v2')}/one`, { spec: { port: '8080' } }, merge] as const),
    );
    expect(patched.spec).toEqual({ host: 'harbor', port: '8080' });
    expect(patched.metadata.generation).toBe(2);
    expect((await cluster.call('GET', `${crontabs(group)}/one`)).json.spec).toEqual({
      hostPort: 'harbor:8080',
    });
    expect(webhook.reviews.length).toBeGreaterThan(0);
  });

  it('is asked about events in their order', async () => {
    const group = 'watch.example.com';
    await using _ = await defined(group, honest);
    await put(group, 'one', 'harbor:0');
    const seen: Any[] = [];
    const done = Promise.withResolvers<void>();
    const url = `${cluster.endpoint}${crontabs(group, 'v2')}?watch=true`;
    const request = httpsRequest(url, {
      ca: cluster.certificateAuthority,
      headers: { authorization: `Bearer ${await cluster.token()}` },
    });
    request.once('response', (response) => {
      createInterface({ input: response })
        .on('error', () => {})
        .on('line', (line) => {
          seen.push(JSON.parse(line));
          if (seen.length === 5) done.resolve();
        });
    });
    request.on('error', done.reject).end();
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    for (const port of [1, 2, 3])
      await cluster.call('PATCH', `${crontabs(group)}/one`, { spec: { hostPort: `harbor:${port}` } }, merge);
    await cluster.call('DELETE', `${crontabs(group)}/one`);
    await done.promise;
    request
      .removeListener('error', done.reject)
      .on('error', () => {})
      .destroy();
    expect(seen.map(({ type, object }) => `${type} ${object.apiVersion} ${object.spec.port}`)).toEqual([
      `ADDED ${group}/v2 0`,
      ...[1, 2, 3].map((port) => `MODIFIED ${group}/v2 ${port}`),
      `DELETED ${group}/v2 3`,
    ]);
  });

  it('sees objects rewritten in a new storage version by any write, also by one that changes nothing', async () => {
    const group = 'migrate.example.com';
    await using webhook = await defined(group, honest);
    const { json: made } = await put(group, 'one', 'harbor:80');
    await cluster.call(
      'PATCH',
      `${definitionsPath}/crontabs.${group}`,
      { spec: { versions: versions('v2') } },
      merge,
    );
    await server.reconcilers.idle();
    const { json: definitionNow } = await cluster.call('GET', `${definitionsPath}/crontabs.${group}`);
    expect(definitionNow.status.storedVersions).toEqual(['v1', 'v2']);
    const { json: read } = await cluster.call('GET', `${crontabs(group)}/one`);
    expect(read.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const { json: rewritten } = await cluster.call('PUT', `${crontabs(group)}/one`, read);
    expect(rewritten.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
    expect(rewritten.metadata.generation).toBe(made.metadata.generation);
    expect(rewritten.spec).toEqual({ hostPort: 'harbor:80' });
    const asked = webhook.reviews.length;
    expect((await cluster.call('GET', `${crontabs(group, 'v2')}/one`)).json.spec.host).toBe('harbor');
    expect(webhook.reviews).toHaveLength(asked);
    const { json: again } = await cluster.call('PUT', `${crontabs(group)}/one`, rewritten);
    expect(again.metadata.resourceVersion).toBe(rewritten.metadata.resourceVersion);
  });

  it('may change labels and annotations, and nothing else of the metadata', async () => {
    const group = 'metadata.example.com';
    await using _ = await defined(group, (review) =>
      success(
        review,
        review.request.objects.map((it: Any) => {
          const { metadata, ...rest } = converted(it, review.request.desiredAPIVersion);
          return {
            ...rest,
            metadata: { ...metadata, labels: { by: 'hook' }, finalizers: ['hook.example/x'] },
          };
        }),
      ),
    );
    await put(group, 'one', 'harbor:80');
    const { json } = await cluster.call('GET', `${crontabs(group, 'v2')}/one`);
    expect(json.metadata.labels).toEqual({ by: 'hook' });
    expect(json.metadata.finalizers).toBeUndefined();
  });

  const lies: readonly (readonly [what: string, answer: WebhookAnswer, message: string])[] = [
    [
      'says that it failed',
      ({ request }) => ({
        ...{ kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' },
        response: { uid: request.uid, result: { status: 'Failure', message: 'no port' } },
      }),
      'failed: no port',
    ],
    ['answers something else', () => ({ hello: 'world' }), 'failed: expected webhook response of'],
    ['answers fewer objects', (review) => success(review, []), 'returned 0 objects, expected 1'],
    [
      'answers another object',
      (review) =>
        success(
          review,
          review.request.objects.map((it: Any) => ({
            ...converted(it, review.request.desiredAPIVersion),
            metadata: { ...it.metadata, uid: 'other' },
          })),
        ),
      'returned invalid object: must have the same UID: ',
    ],
    [
      'answers another version',
      (review) => success(review, review.request.objects),
      'returned invalid object: invalid groupVersion (expected ',
    ],
    [
      'answers labels that are none',
      (review) =>
        success(
          review,
          review.request.objects.map((it: Any) => ({
            ...converted(it, review.request.desiredAPIVersion),
            metadata: { ...it.metadata, labels: { one: 1 } },
          })),
        ),
      'returned invalid metadata: metadata.labels[one] must be a string',
    ],
    ['answers no object', () => 'yes', "failed: couldn't get version/kind; json parse error"],
  ];
  it.each(lies)(
    'that %s makes a request fail, and its own version goes on',
    async (what, answer, message) => {
      const group = `${what.replaceAll(' ', '-')}.example.com`;
      await using _ = await defined(group, answer);
      await put(group, 'one', 'harbor:80');
      const { status, json } = await cluster.call('GET', `${crontabs(group, 'v2')}/one`);
      expect(status).toBe(500);
      expect(json.message).toContain(`conversion webhook for ${group}/v1, Kind=CronTab ${message}`);
      expect((await cluster.call('GET', crontabs(group, 'v2'))).status).toBe(500);
      const watched = await cluster.call('GET', `${crontabs(group, 'v2')}?watch=true&timeoutSeconds=5`);
      expect(watched.status).toBe(500);
      expect((await cluster.call('GET', crontabs(group))).json.items).toHaveLength(1);
      expect((await cluster.call('DELETE', `${crontabs(group)}/one`)).status).toBe(200);
    },
  );

  it('that is slow leaves no watch behind whose objects have got another form meanwhile', async () => {
    const group = 'slow.example.com';
    const [asked, goes] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using _ = await defined(group, async (review, path) => {
      asked.resolve();
      await goes.promise;
      return honest(review, path);
    });
    await put(group, 'one', 'harbor:80');
    const watching = cluster.call('GET', `${crontabs(group, 'v2')}?watch=true&timeoutSeconds=600`);
    await asked.promise;
    const [v1, v2] = versions('v1');
    const changed = { spec: { versions: [v1, { ...v2, schema: schemaOf('host', 'port', 'tide') }] } };
    await cluster.call('PATCH', `${definitionsPath}/crontabs.${group}`, changed, merge);
    goes.resolve();
    expect((await watching).text).toContain('"ADDED"');
  });

  it('that hangs holds neither other kinds nor the end of its own', async () => {
    const group = 'hang.example.com';
    const asked = Promise.withResolvers<void>();
    await using _ = await defined(group, () => {
      asked.resolve();
      return 'hang';
    });
    await put(group, 'one', 'harbor:80');
    const pending = cluster.call('GET', crontabs(group, 'v2')).catch((error: unknown) => error);
    await asked.promise;
    expect((await cluster.call('GET', '/api/v1/namespaces')).status).toBe(200);
    await cluster.call('DELETE', `${definitionsPath}/crontabs.${group}`);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', `${definitionsPath}/crontabs.${group}`)).status).toBe(404);
    await _[Symbol.asyncDispose]();
    await pending;
  });
});
