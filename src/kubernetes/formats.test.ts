import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOfKind } from './schema/messages.ts';
import { decodeMessage, openEnvelope } from './schema/protobuf.ts';
import { WireReader } from './schema/wire.ts';
import { crontabs, define, definition } from './testing/custom-definitions.ts';
import { type Answered, type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const protobuf = 'application/vnd.kubernetes.protobuf';
const configMaps = '/api/v1/namespaces/default/configmaps';
const partial = 'as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const wants = (accept: string, more: Record<string, string> = {}) => ({ accept, ...more });

/** What a Go client makes of an answer. */
function opened(bytes: Buffer): Record<string, unknown> {
  const { apiVersion, kind, raw } = openEnvelope(bytes);
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) throw new Error(`${apiVersion} ${kind} is not known`);
  return { apiVersion, kind, ...decodeMessage(message, raw) };
}

/** The frames of a watch. */
function* eventsIn(bytes: Buffer): Generator<{ readonly type: string; readonly object: unknown }, void> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const event = new WireReader(bytes, at + 4, at + 4 + length);
    let [type, object]: [string, unknown] = ['', undefined];
    while (event.next()) {
      if (event.number === 1) type = event.text();
      else {
        const extension = event.message();
        if (extension.next()) object = opened(extension.bytes());
      }
    }
    yield { type, object };
    at += 4 + length;
  }
}

describe('protobuf', () => {
  it('says of an object, of a list and of an error the same as JSON', async () => {
    await cluster.call('POST', configMaps, { metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } });
    for (const path of [`${configMaps}/a`, configMaps, '/api/v1/services', `${configMaps}/none`, '/apis']) {
      const { json } = await cluster.call('GET', path);
      const answered = await cluster.call('GET', path, undefined, wants(`${protobuf},application/json`));
      expect(answered.headers['content-type']).toBe(protobuf);
      expect(normal(opened(answered.bytes))).toEqual(normal(json));
    }
  });

  it('is not what watchers of custom kinds get, which have no message: JSON where they take that, too', async () => {
    const group = 'formats.example.com';
    await define(server, cluster, definition(group));
    const metadata = { name: 'mine' };
    const made = { apiVersion: `${group}/v1`, kind: 'CronTab', metadata, spec: { cronSpec: '* * * * *' } };
    expect((await cluster.call('POST', crontabs(group), made)).status).toBe(201);
    const path = `${crontabs(group)}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`;
    const watched = await cluster.call('GET', path, undefined, wants(`${protobuf},application/json`));
    expect(watched.headers['content-type']).toBe('application/json');
    expect(JSON.parse(watched.text)).toMatchObject({ type: 'ADDED', object: { metadata } });
    expect((await cluster.call('GET', path, undefined, wants(protobuf))).status).toBe(406);
  });

  it('is what watchers of metadata get of every kind, bookmarks included', async () => {
    const group = 'partial.example.com';
    await define(server, cluster, definition(group));
    for (const of of [crontabs(group), configMaps]) {
      const path = `${of}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
      const { bytes } = await cluster.call('GET', path, undefined, wants(`${protobuf};${partial}`));
      expect([...eventsIn(bytes)].at(-1)).toMatchObject({
        ...{ type: 'BOOKMARK' },
        object: {
          kind: 'PartialObjectMetadata',
          metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
        },
      });
    }
  });

  it('goes both ways', async () => {
    const { bytes } = await cluster.call('GET', `${configMaps}/a`, undefined, wants(protobuf));
    const sent = { 'content-type': protobuf, accept: protobuf };
    expect((await cluster.call('PUT', `${configMaps}/a`, bytes, sent)).bytes).toEqual(bytes);
  });

  it('carries metadata alone, and no table', async () => {
    const { bytes } = await cluster.call(
      ...(['GET', `${configMaps}/a`, undefined] as const),
      wants(`${protobuf};as=Table;v=v1;g=meta.k8s.io, ${protobuf};${partial}`),
    );
    expect(opened(bytes)).toMatchObject({
      ...{ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
    });
    expect(opened(bytes)).not.toHaveProperty('data');
  });

  it('tells in frames what happens', async () => {
    const query = 'fieldSelector=metadata.name%3Da&timeoutSeconds=1&watch=true';
    const { bytes, headers } = await cluster.call(
      ...(['GET', `${configMaps}?${query}`, undefined] as const),
      wants(`${protobuf};stream=watch`),
    );
    expect(headers['content-type']).toBe(`${protobuf};stream=watch`);
    expect([...eventsIn(bytes)]).toMatchObject([
      { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } } },
    ]);
  });

  /** Without what only one of the two says: the kind of items, and of absent metadata that it is empty. */
  function normal(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value), (key, member) =>
      key === 'metadata' && Object.keys(member).length === 0 ? undefined : member,
    );
  }
});

describe('YAML', () => {
  it('is read and written', async () => {
    const text = 'metadata: {name: why}\ndata:\n  on: "yes"\n  many: |\n    a\n    b\n';
    const yaml = { 'content-type': 'application/yaml', accept: 'application/yaml' };
    const created = await cluster.call('POST', configMaps, Buffer.from(text), yaml);
    expect([created.status, created.headers['content-type']]).toEqual([201, 'application/yaml']);
    expect(created.text).toContain('data:\n  many: |\n    a\n    b\n');
    expect((await cluster.call('GET', `${configMaps}/why`)).json.data).toEqual({
      true: 'yes',
      many: 'a\nb\n',
    });
  });

  it('that does not parse, or that would grow without end, is refused', async () => {
    const refused = async (text: string): Promise<unknown> => {
      const type = { 'content-type': 'application/yaml' };
      return (await cluster.call('POST', configMaps, Buffer.from(text), type)).json.message;
    };
    expect(await refused('a: [')).toBe(
      'the object provided is unrecognized (must be of type ConfigMap): yaml: did not find expected node content (613a205b)',
    );
    expect(await refused('a:\n\tb: 1')).toMatch(
      'yaml: line 2: found character that cannot start any token (',
    );
    expect(await refused('a: b: c')).toMatch('yaml: mapping values are not allowed in this context (');
    expect(await refused('a: 1\nb\n')).toMatch("yaml: line 3: could not find expected ':' (");
    expect(await refused('a:\n  - b\n c: 1')).toMatch('yaml: line 2: did not find expected key (');
    expect(await refused('a: *x')).toMatch("yaml: unknown anchor 'x' referenced (");
    expect(await refused('a: "x')).toMatch('yaml: found unexpected end of stream (');
    expect(await refused('['.repeat(100_000))).toMatch('yaml: exceeded max depth of 10000 (');
    const copies = Array.from({ length: 9 }, (_, at) => {
      const before = `*a${at - 1}`;
      return `k${at}: &a${at} [${Array(9).fill(at === 0 ? 'x' : before)}]`;
    });
    expect(await refused(copies.join('\n'))).toMatch('yaml: document contains excessive aliasing (');
  });
});

describe('an answer', () => {
  const seen = ({ status, headers }: Answered) => [status, headers['content-type']];

  it('is in the format that is wanted most', async () => {
    const get = async (accept: string) => seen(await cluster.call('GET', configMaps, undefined, { accept }));
    expect(await get('*/*')).toEqual([200, 'application/json']);
    expect(await get('application/json;q=0.5, application/yaml')).toEqual([200, 'application/yaml']);
    expect(await get('text/html, */*;q=0.1')).toEqual([200, 'application/json']);
    expect(await get('*/*, application/yaml')).toEqual([200, 'application/yaml']);
    expect(await get('application/cbor, application/json')).toEqual([200, 'application/json']);
  });

  it('in a format that is none of them is refused, and so is a body', async () => {
    const { status, json } = await cluster.call('GET', configMaps, undefined, { accept: 'application/cbor' });
    expect([status, json.reason, json.message]).toEqual([
      ...[406, 'NotAcceptable'],
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ]);
    const watch = await cluster.call('GET', `${configMaps}?watch=1`, undefined, wants('application/yaml'));
    expect(watch.text).toContain(
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    );
    const cbor = { 'content-type': 'application/cbor' };
    expect((await cluster.call('POST', configMaps, Buffer.from([1]), cbor)).json).toMatchObject({
      ...{ code: 415, reason: 'UnsupportedMediaType' },
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const review = await cluster.call(
      ...(['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {}] as const),
      wants(table),
    );
    expect(review.status).toBe(406);
  });

  it('is indented for whoever reads it himself', async () => {
    const lines = async (query: string, userAgent = 'kubectl/v1.36') => {
      const headers = { 'user-agent': userAgent };
      const { text } = await cluster.call('GET', `/api/v1/namespaces/default${query}`, undefined, headers);
      return text.split('\n').length > 5;
    };
    expect([await lines(''), await lines('?pretty=1'), await lines('', 'curl/8')]).toEqual([
      false,
      true,
      true,
    ]);
    expect(await lines('?pretty=false', 'curl/8')).toBe(false);
  });
});
