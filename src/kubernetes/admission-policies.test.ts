import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crontabs, define, definition } from './testing/custom-definitions.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const root = '/apis/admissionregistration.k8s.io/v1';
const merge = { 'content-type': 'application/merge-patch+json' };
const rule = (resource: string, group = '', operations: readonly string[] = ['CREATE', 'UPDATE']) => ({
  ...{ apiGroups: [group], apiVersions: ['v1'], operations, resources: [resource] },
});
let count = 0;

/** Makes a namespace, and a policy with a binding for it alone. */
async function bound(
  kind: 'mutating' | 'validating',
  spec: object,
  binding: object = {},
): Promise<{ readonly name: string; at(resource: string, name?: string): string }> {
  const name = `policy-${++count}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name, labels: { team: name } } });
  const policy = { matchConstraints: { resourceRules: [rule('configmaps')] }, ...spec };
  const made = await cluster.call('POST', `${root}/${kind}admissionpolicies`, {
    metadata: { name },
    spec: policy,
  });
  expect(made.text).toContain(`"name":"${name}"`);
  expect(made.status).toBe(201);
  const own = {
    policyName: name,
    matchResources: { namespaceSelector: { matchLabels: { team: name } } },
    ...(kind === 'validating' && { validationActions: ['Deny'] }),
    ...binding,
  };
  const put = await cluster.call('POST', `${root}/${kind}admissionpolicybindings`, {
    ...{ metadata: { name: `${name}-bound` }, spec: own },
  });
  expect([put.status, put.json.message]).toEqual([201, undefined]);
  return {
    name,
    at: (resource, one) => `/api/v1/namespaces/${name}/${resource}${one === undefined ? '' : `/${one}`}`,
  };
}

const configMap = (name: string, data: object = {}) => ({ metadata: { name }, data });

describe('a ValidatingAdmissionPolicy', () => {
  it('denies what its expressions find false, in its own words, code and reason', async () => {
    const validations = [
      { expression: "object.data.size() < 2 || object.metadata.name == 'many'" },
      {
        ...{ expression: '!has(object.data.secret)', reason: 'Forbidden' },
        messageExpression: "'%s may not hold secrets'.format([object.metadata.name])",
      },
    ];
    const { name, at } = await bound('validating', { validations });
    const many = await cluster.call('POST', at('configmaps'), configMap('a', { x: '1', y: '2' }));
    expect([many.status, many.json.reason, many.json.message]).toEqual([
      ...[422, 'Invalid'],
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}-bound' denied request: failed expression: object.data.size() < 2 || object.metadata.name == 'many'`,
    ]);
    const secret = await cluster.call('POST', at('configmaps'), configMap('b', { secret: '1' }));
    expect([secret.status, secret.json.reason]).toEqual([403, 'Forbidden']);
    expect(secret.json.message).toContain('denied request: b may not hold secrets');
    expect((await cluster.call('POST', at('configmaps'), configMap('c', { x: '1' }))).status).toBe(201);
    const elsewhere = await cluster.call(
      'POST',
      '/api/v1/namespaces/default/configmaps',
      configMap('d', { secret: '1' }),
    );
    expect(elsewhere.status).toBe(201);
  });

  it('sees what was there before, who asks, the namespace, and what variables say', async () => {
    const { name, at } = await bound('validating', {
      variables: [
        { name: 'depth', expression: 'int(object.data.depth)' },
        {
          name: 'isGrowing',
          expression: 'oldObject == null || variables.depth >= int(oldObject.data.depth)',
        },
      ],
      validations: [
        { expression: 'variables.isGrowing', message: 'depth may only grow' },
        { expression: "namespaceObject.metadata.labels['team'].startsWith('policy-')" },
        { expression: "request.operation in ['CREATE', 'UPDATE'] && request.userInfo.username != ''" },
        {
          expression: "authorizer.group('').resource('configmaps').namespace('x').check('create').allowed()",
        },
        { expression: "authorizer.requestResource.check('update').allowed()" },
        {
          expression:
            "!authorizer.serviceAccount('default', 'nobody').path('/metrics').check('get').allowed()",
        },
      ],
    });
    expect((await cluster.call('POST', at('configmaps'), configMap('a', { depth: '5' }))).json.message).toBe(
      undefined,
    );
    const less = await cluster.call('PATCH', at('configmaps', 'a'), { data: { depth: '4' } }, merge);
    expect(less.json.message).toContain(`'${name}-bound' denied request: depth may only grow`);
    expect((await cluster.call('PATCH', at('configmaps', 'a'), { data: { depth: '6' } }, merge)).status).toBe(
      200,
    );
    const broken = await cluster.call('PATCH', at('configmaps', 'a'), { data: { depth: 'x' } }, merge);
    expect(broken.json.message).toContain("expression 'variables.isGrowing' resulted in error: ");
  });

  it('only warns, or leaves be what it cannot judge, where that is said', async () => {
    const { name, at } = await bound(
      'validating',
      {
        failurePolicy: 'Ignore',
        validations: [{ expression: 'false', message: 'think' }, { expression: 'object.none.x' }],
      },
      { validationActions: ['Warn', 'Audit'] },
    );
    const { status, headers } = await cluster.call('POST', at('configmaps'), configMap('a'));
    expect([status, headers.warning]).toEqual([
      201,
      `299 - "Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${name}-bound': think"`,
    ]);
  });

  it('is asked only where its conditions hold, and of deletions too', async () => {
    const { at } = await bound('validating', {
      matchConstraints: { resourceRules: [rule('configmaps', '', ['DELETE'])] },
      matchConditions: [{ name: 'kept', expression: "has(oldObject.data) && 'keep' in oldObject.data" }],
      validations: [{ expression: "request.operation != 'DELETE'", message: 'it is to be kept' }],
    });
    await cluster.call('POST', at('configmaps'), configMap('a', { keep: '1' }));
    await cluster.call('POST', at('configmaps'), configMap('b'));
    expect((await cluster.call('DELETE', at('configmaps', 'a'))).json.message).toContain('it is to be kept');
    expect((await cluster.call('DELETE', at('configmaps', 'b'))).status).toBe(200);
  });

  it('has parameters, of built-in and of custom kinds', async () => {
    const group = 'limits.example.com';
    await define(server, cluster, definition(group));
    await cluster.call('POST', crontabs(group), { metadata: { name: 'limit' }, spec: { most: 2 } });
    const paramRef = { name: 'limit', namespace: 'default', parameterNotFoundAction: 'Deny' };
    const { at } = await bound(
      'validating',
      {
        paramKind: { apiVersion: `${group}/v1`, kind: 'CronTab' },
        validations: [{ expression: 'object.data.size() <= params.spec.most', message: 'too many' }],
      },
      { paramRef },
    );
    expect((await cluster.call('POST', at('configmaps'), configMap('a', { x: '', y: '' }))).status).toBe(201);
    const more = await cluster.call('POST', at('configmaps'), configMap('b', { x: '', y: '', z: '' }));
    expect(more.json.message).toContain('too many');
    await cluster.call('DELETE', `${crontabs(group)}/limit`);
    const without = await cluster.call('POST', at('configmaps'), configMap('c', { x: '' }));
    expect(without.json.message).toContain(
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  });

  it.each([
    [{ validations: [] }, 'validations or auditAnnotations must contain at least one item'],
    [
      { validations: [{ expression: 'object.' }] },
      'spec.validations[0].expression: Invalid value: "object.": compilation failed',
    ],
    [{ validations: [{ expression: '1 + 1' }] }, 'must evaluate to bool'],
    [
      { variables: [{ name: 'a', expression: 'variables.b' }], validations: [{ expression: 'true' }] },
      `spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^`,
    ],
    [{ validations: [{ expression: 'true', reason: 'Bad' }] }, 'Unsupported value: "Bad"'],
    [
      { failurePolicy: 'Maybe', validations: [{ expression: 'true' }] },
      'spec.failurePolicy: Unsupported value: "Maybe"',
    ],
  ])('is refused as %j', async (spec, message) => {
    const matchConstraints = { resourceRules: [rule('pods')] };
    const { status, json } = await cluster.call('POST', `${root}/validatingadmissionpolicies`, {
      ...{ metadata: { name: 'bad' }, spec: { matchConstraints, ...spec } },
    });
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});

describe('a MutatingAdmissionPolicy', () => {
  it('merges what it applies', async () => {
    const { name, at } = await bound('mutating', {
      reinvocationPolicy: 'Never',
      matchConstraints: { resourceRules: [rule('services')] },
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression:
              "Object{metadata: Object.metadata{labels: {'team': namespaceObject.metadata.name}}, spec: Object.spec{ports: [Object.spec.ports{port: 80, name: 'web'}]}}",
          },
        },
      ],
    });
    const ports = [
      { port: 80, protocol: 'TCP' },
      { port: 443, name: 'tls' },
    ];
    const { status, json } = await cluster.call('POST', at('services'), {
      metadata: { name: 'a' },
      spec: { ports },
    });
    expect([status, json.metadata.labels]).toEqual([201, { team: name }]);
    expect(json.spec.ports).toMatchObject([
      { port: 80, name: 'web' },
      { port: 443, name: 'tls' },
    ]);
  });

  it('patches, each expression what those before it have left', async () => {
    const jsonPatch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
    const { at } = await bound('mutating', {
      reinvocationPolicy: 'IfNeeded',
      matchConditions: [{ name: 'wanted', expression: "object.metadata.name != 'left'" }],
      mutations: [
        jsonPatch(
          "[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('a/b'), value: '1'}]",
        ),
        jsonPatch("[JSONPatch{op: 'add', path: '/data/count', value: string(object.data.size())}]"),
      ],
    });
    const annotated = { metadata: { name: 'a', annotations: { x: 'y' } }, data: { x: '' } };
    const { json } = await cluster.call('POST', at('configmaps'), annotated);
    expect([json.metadata.annotations, json.data]).toEqual([
      { x: 'y', 'a/b': '1' },
      { x: '', count: '1' },
    ]);
    const left = await cluster.call('POST', at('configmaps'), { ...annotated, metadata: { name: 'left' } });
    expect([left.json.metadata.annotations, left.json.data]).toEqual([undefined, { x: '' }]);
  });

  it('refuses the write where it fails', async () => {
    const { name, at } = await bound('mutating', {
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'remove', path: '/none'}]" } },
      ],
    });
    const { status, json } = await cluster.call('POST', at('configmaps'), configMap('a'));
    expect(status).toBe(422);
    expect(json.message).toContain(`policy '${name}' with binding '${name}-bound' denied request: `);
  });
});
