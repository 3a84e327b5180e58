import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crontabs, define, definition } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

/** What the suite of the CNCF asks of repeated fields (`FieldValidation`), and what is told beside. */
let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const json = { 'content-type': 'application/json' };
const yaml = { 'content-type': 'application/yaml' };
const apply = { 'content-type': 'application/apply-patch+yaml' };
const merge = { 'content-type': 'application/merge-patch+json' };
const send = (method: string, path: string, body: string, headers: Readonly<Record<string, string>>) =>
  cluster.call(method, path, Buffer.from(body), headers);

const labels = '{"app":"web"}';
const deployment = (name: string, spec = ''): string =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"${name}"},"spec":{${spec}
    "selector":{"matchLabels":${labels}},
    "template":{"metadata":{"labels":${labels}},"spec":{"containers":[{"name":"web","image":"web"}]}}}}`;
const odd = '"unknownField":{"a":1,"a":2},"replicas":2,"replicas":3,';

describe('a field that is there more than once', () => {
  it('is refused by strict validation among those that there are not, in the order of the text', async () => {
    const { status, json: answer } = await send(
      ...['POST', `${deployments}?fieldValidation=Strict`, deployment('a', odd), json],
    );
    expect([status, answer.message]).toEqual([
      400,
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"',
    ]);
  });

  it('before one that there is not is told before it', async () => {
    const spec = '"replicas":2,"replicas":3,"zoo":1,"foo":{"a":1,"a":2},';
    const text = deployment('order', spec).replace('"name":"web",', '"name":"web","odd":1,"name":"web",');
    const { json: answer } = await send('POST', `${deployments}?fieldValidation=Strict`, text, json);
    expect(answer.message).toMatch(
      /: strict decoding error: duplicate field "spec\.replicas", unknown field "spec\.zoo", unknown field "spec\.foo", unknown field "spec\.template\.spec\.containers\[0\]\.odd", duplicate field "spec\.template\.spec\.containers\[0\]\.name"$/,
    );
  });

  it('is warned of by default, and what came last counts', async () => {
    const { headers, json: made } = await send('POST', deployments, deployment('b', odd), json);
    expect(headers.warning).toBe(
      String.raw`299 - "unknown field \"spec.unknownField\"", 299 - "duplicate field \"spec.replicas\""`,
    );
    expect(made.spec.replicas).toBe(3);
  });

  it('is nobody’s concern where validation ignores it', async () => {
    const path = `${deployments}?fieldValidation=Ignore`;
    const { status, headers } = await send('POST', path, deployment('c', odd), json);
    expect([status, headers.warning]).toEqual([201, undefined]);
  });

  it('in YAML is told by its line', async () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: d\ndata:\n  a: "1"\n  a: "2"\n  a: "3"\nzoo: 1\nfoo: 1\n';
    const path = '/api/v1/namespaces/default/configmaps';
    const strict = await send('POST', `${path}?fieldValidation=Strict`, text, yaml);
    expect(strict.json.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n' +
        '  line 7: key "a" already set in map\n  line 8: key "a" already set in map, unknown field "foo", unknown field "zoo"',
    );
    const { headers } = await send('POST', path, text, yaml);
    expect(headers.warning).toBe(
      [
        String.raw`299 - "line 7: key \"a\" already set in map"`,
        String.raw`299 - "line 8: key \"a\" already set in map"`,
        String.raw`299 - "unknown field \"foo\""`,
        String.raw`299 - "unknown field \"zoo\""`,
      ].join(', '),
    );
  });

  it('in a patch is refused or warned of', async () => {
    await send('POST', deployments, deployment('e'), json);
    const patch = '{"spec":{"replicas":2,"replicas":4}}';
    const strict = await send('PATCH', `${deployments}/e?fieldValidation=Strict`, patch, merge);
    expect([strict.status, strict.json.message, strict.json.details.causes[0].field]).toEqual([
      422,
      expect.stringMatching(
        /^ "" is invalid: patch: Invalid value: "\{\\"apiVersion.*": strict decoding error: duplicate field "spec\.replicas"$/,
      ),
      'patch',
    ]);
    const { headers, json: patched } = await send('PATCH', `${deployments}/e`, patch, merge);
    expect([headers.warning, patched.spec.replicas]).toEqual([
      String.raw`299 - "duplicate field \"spec.replicas\""`,
      4,
    ]);
  });

  it.each([
    [
      'strategic-merge',
      '{"spec":{"zoo":1,"foo":"a b","replicas":null,"replicas":2}}',
      'map[spec:map[foo:a b replicas:2 zoo:1]]": strict decoding error: duplicate field "spec.replicas", unknown field "spec.foo", unknown field "spec.zoo"',
    ],
    ['strategic-merge', '{"spec":{"replicas":"x"}}', 'map[spec:map[replicas:x]]": unrecognized type: int32'],
    [
      'strategic-merge',
      '{"metadata":{"labels":{"a":1}}}',
      'map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string',
    ],
    ['merge', '{"spec":{"foo":1}}', 'strict decoding error: unknown field "spec.foo"'],
    [
      'merge',
      '{"spec":{"replicas":"x"}}',
      'json: cannot unmarshal string into Go struct field spec.replicas of type int32',
    ],
    [
      'json',
      '[{"op":"add","path":"/spec/foo","odd":1,"op":"add","value":{"a":1,"a":2}}]',
      'strict decoding error: json patch unknown field "[0].odd", json patch duplicate field "[0].op", json patch duplicate field "[0].value.a", unknown field "spec.foo"',
    ],
  ])('in a %s patch %s is refused as invalid', async (type, patch, words) => {
    const path = `${deployments}/patched?fieldValidation=Strict`;
    await send('POST', deployments, deployment('patched'), json);
    const headers = { 'content-type': `application/${type}-patch+json` };
    const { status, json: answer } = await send('PATCH', path, patch, headers);
    expect([status, answer.reason, answer.details]).toEqual([
      422,
      'Invalid',
      { causes: [{ reason: 'FieldValueInvalid', message: expect.stringContaining(words), field: 'patch' }] },
    ]);
  });

  it('in what is applied is refused even where a custom resource keeps all fields', async () => {
    await define(server, cluster, definition('fields.example.com'));
    const text = `
apiVersion: fields.example.com/v1
kind: CronTab
metadata:
  name: f
spec:
  unknown: 1
  foo: foo1
  foo: foo2
`;
    const path = `${crontabs('fields.example.com')}/f?fieldManager=a`;
    const strict = await send('PATCH', `${path}&fieldValidation=Strict`, text, apply);
    expect([strict.status, strict.json.message]).toEqual([
      400,
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 9: key "foo" already set in map',
    ]);
    const { status, headers, json: made } = await send('PATCH', path, text, apply);
    expect([status, headers.warning, made.spec]).toEqual([
      201,
      String.raw`299 - "line 9: key \"foo\" already set in map"`,
      { unknown: 1, foo: 'foo2' },
    ]);
  });
});
