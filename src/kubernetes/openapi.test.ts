import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

/** Every reference of a document, and where it has to lead. */
const referencesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '')),
];

const at = (document: unknown, path: string): unknown =>
  path.split('/').reduce((value, part) => (value as Record<string, unknown>)?.[part], document);

describe('OpenAPI', () => {
  it('of version 3 describes each group and version, whole in itself, under a hash', async () => {
    const { json: index } = await cluster.call('GET', '/openapi/v3');
    expect(Object.keys(index.paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/autoscaling/v2']));
    for (const { serverRelativeURL } of Object.values<{ serverRelativeURL: string }>(index.paths)) {
      const { status, json, text, headers } = await cluster.call('GET', serverRelativeURL);
      expect([status, headers['cache-control']]).toEqual([200, 'public, immutable']);
      for (const path of referencesIn(text))
        expect(at(json, path), `${serverRelativeURL} ${path}`).toBeDefined();
    }
    const url = index.paths['api/v1'].serverRelativeURL;
    const stale = await cluster.call('GET', '/openapi/v3/api/v1?hash=0');
    expect([stale.status, stale.headers.location]).toEqual([301, url]);
    const { headers } = await cluster.call('GET', url);
    const again = await cluster.call('GET', url, undefined, { 'if-none-match': String(headers.etag) });
    expect(again.status).toBe(304);
  });

  it('says how lists merge, what a field may be, and of which kind a schema is', async () => {
    const { json } = await cluster.call('GET', '/openapi/v3/api/v1');
    const schemas = json.components.schemas;
    const pod = schemas['io.k8s.api.core.v1.PodSpec'].properties;
    expect(pod.containers).toMatchObject({
      ...{ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
      ...{ 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' },
    });
    expect(pod.restartPolicy.enum).toEqual(['Always', 'Never', 'OnFailure']);
    for (const kind of ['Pod', 'PodList', 'Binding'])
      expect(schemas[`io.k8s.api.core.v1.${kind}`]['x-kubernetes-group-version-kind']).toEqual([
        { group: '', version: 'v1', kind },
      ]);
    const pods = '/api/v1/namespaces/{namespace}/pods';
    expect(Object.keys(json.paths)).toEqual(
      expect.arrayContaining(['/api/v1/pods', pods, `${pods}/{name}`, `${pods}/{name}/eviction`]),
    );
    expect(Object.keys(json.paths[`${pods}/{name}`].patch.requestBody.content)).toContain(
      'application/strategic-merge-patch+json',
    );
  });

  it('says what kinds and their fields mean, and which of them are required, as upstream does', async () => {
    const { json } = await cluster.call('GET', '/openapi/v3/api/v1');
    const schemas = json.components.schemas;
    const container = schemas['io.k8s.api.core.v1.Container'];
    expect(container.description).toBe('A single application container that you want to run within a pod.');
    expect(container.required).toEqual(['name']);
    expect(container.properties.env.description).toBe(
      'List of environment variables to set in the container. Cannot be updated.',
    );
    // What is a message of its own has a description in each place, too.
    expect(container.properties.lifecycle).toEqual({
      description: expect.stringContaining('response to container lifecycle events'),
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Lifecycle' }],
    });
    expect(container.properties.imagePullPolicy.description).toContain(
      '\n\nPossible enum values:\n - `"Always"`',
    );
    const pod = schemas['io.k8s.api.core.v1.Pod'];
    expect(pod.required).toBeUndefined();
    expect(pod.properties.apiVersion.description).toMatch(/^APIVersion defines the versioned schema/);
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Time'].description).toMatch(/^Time is a wrapper/);
  });

  it('says what every kind means, but those of the metrics server', async () => {
    const { json } = await cluster.call('GET', '/openapi/v2');
    const undescribed = Object.entries<{ description?: string }>(json.definitions)
      .filter(([, schema]) => 'x-kubernetes-group-version-kind' in schema && !schema.description)
      .map(([name]) => name.split('.').slice(0, -1).join('.'));
    expect([...new Set(undescribed)]).toEqual(['io.k8s.metrics.pkg.apis.metrics.v1beta1']);
  });

  it('of version 2 describes all in one', async () => {
    const { json, text, headers } = await cluster.call('GET', '/openapi/v2');
    expect([json.swagger, headers.etag]).toEqual(['2.0', expect.any(String)]);
    for (const path of referencesIn(text)) expect(at(json, path), path).toBeDefined();
    expect(text).not.toContain('"oneOf":[');
    expect(json.definitions['io.k8s.api.apps.v1.Deployment']['x-kubernetes-group-version-kind']).toEqual([
      { group: 'apps', version: 'v1', kind: 'Deployment' },
    ]);
    expect(json.paths['/apis/apps/v1/namespaces/{namespace}/deployments'].post.parameters).toContainEqual({
      ...{ name: 'body', in: 'body', required: true },
      schema: { $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' },
    });
    expect((await cluster.call('GET', '/openapi/v2', undefined, { accept: 'text/html' })).status).toBe(406);
  });
});
