import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import {
  allow,
  deny,
  patchWith,
  startWebhook,
  type WebhookAnswer,
  type WebhookServer,
} from './testing/webhook-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const configurations = '/apis/admissionregistration.k8s.io/v1';
let namespaces = 0;

/** A namespace of the test's own, with a label to be selected by. */
async function namespace(): Promise<string> {
  const name = `ns-${++namespaces}`;
  await cluster.call('POST', '/api/v1/namespaces', { metadata: { name, labels: { own: name } } });
  return name;
}

const maps = (own: string, name = '', query = '') =>
  `/api/v1/namespaces/${own}/configmaps${name === '' ? '' : `/${name}`}${query}`;

const map = (name: string, data: object = {}, labels: object = {}) => ({ metadata: { name, labels }, data });

interface Asked {
  readonly kind?: 'Mutating' | 'Validating';
  readonly webhook?: object;
  readonly name?: string;
  readonly rule?: object;
}

/** A configuration with one webhook for ConfigMaps of a namespace; taken away with the webhook. */
async function configured(
  own: string,
  answer: WebhookAnswer,
  { kind = 'Validating', webhook = {}, name = `c-${own}`, rule = {} }: Asked = {},
): Promise<WebhookServer> {
  const started = await startWebhook(answer, ['hook.default.svc']);
  const path = `${configurations}/${kind.toLowerCase()}webhookconfigurations`;
  const { status, text } = await cluster.call('POST', path, {
    metadata: { name },
    webhooks: [
      {
        name: 'judge.example.com',
        clientConfig: { url: `https://127.0.0.1:${started.port}/judge`, caBundle: started.caBundle },
        rules: [
          {
            ...{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
            ...rule,
          },
        ],
        namespaceSelector: { matchLabels: { own } },
        ...{ sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 30 },
        ...webhook,
      },
    ],
  });
  expect(status, text).toBe(201);
  return {
    ...started,
    [Symbol.asyncDispose]: async () => {
      await cluster.call('DELETE', `${path}/${name}`);
      await started[Symbol.asyncDispose]();
    },
  };
}

describe('a validating webhook', () => {
  it('is told what is asked and refuses in its own words, code and all', async () => {
    const own = await namespace();
    await using hook = await configured(own, (review) =>
      deny(review, { message: 'no harbour today', code: 418 }),
    );
    const { status, json } = await cluster.call('POST', maps(own), map('a', { x: '1' }));
    expect([status, json.message]).toEqual([
      418,
      'admission webhook "judge.example.com" denied the request: no harbour today',
    ]);
    const [{ kind, apiVersion, request }] = hook.reviews;
    expect([kind, apiVersion]).toEqual(['AdmissionReview', 'admission.k8s.io/v1']);
    expect(request).toMatchObject({
      ...{ operation: 'CREATE', name: 'a', namespace: own, dryRun: false, oldObject: null },
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { name: 'a', namespace: own },
        data: { x: '1' },
      },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      userInfo: { groups: expect.arrayContaining(['system:authenticated']) },
    });
    expect((await cluster.call('GET', maps(own, 'a'))).status).toBe(404);
  });

  it('sees the object before and after a change, and what is deleted', async () => {
    const own = await namespace();
    await cluster.call('POST', maps(own), map('a', { x: '1' }));
    await using hook = await configured(own, (review) => allow(review));
    await cluster.call('PUT', maps(own, 'a'), map('a', { x: '2' }));
    await cluster.call('DELETE', maps(own, 'a'));
    expect(
      hook.reviews.map(({ request: { operation, object, oldObject, options } }) => [
        ...[operation, object?.data, oldObject?.data, options.kind],
      ]),
    ).toEqual([
      ['UPDATE', { x: '2' }, { x: '1' }, 'UpdateOptions'],
      ['DELETE', undefined, { x: '2' }, 'DeleteOptions'],
    ]);
  });

  it('keeps each of a collection that it does not let go', async () => {
    const own = await namespace();
    await cluster.call('POST', maps(own), map('a'));
    await using _ = await configured(own, (review) => deny(review));
    const { status, json } = await cluster.call('DELETE', maps(own, '', '?labelSelector=!none'));
    expect([status, json.message]).toEqual([
      400,
      'admission webhook "judge.example.com" denied the request without explanation',
    ]);
    expect((await cluster.call('GET', maps(own, 'a'))).status).toBe(200);
  });

  it('is asked only where its conditions hold, and about nothing where they can not be told', async () => {
    const own = await namespace();
    const matchConditions = [
      { name: 'large', expression: "request.operation == 'DELETE' || int(object.data.depth) > 10" },
    ];
    await using hook = await configured(own, (review) => deny(review, { message: 'too deep' }), {
      webhook: { matchConditions },
    });
    expect((await cluster.call('POST', maps(own), map('a', { depth: '5' }))).status).toBe(201);
    expect(hook.reviews).toEqual([]);
    const deep = await cluster.call('POST', maps(own), map('b', { depth: '50' }));
    expect(deep.json.message).toContain('too deep');
    const untold = await cluster.call('POST', maps(own), map('c', { depth: 'x' }));
    expect([untold.status, untold.json.message]).toEqual([
      403,
      expect.stringContaining("matchCondition 'large' resulted in error: "),
    ]);
    expect(hook.reviews).toHaveLength(1);
  });

  it('warns, and only once of one thing', async () => {
    const own = await namespace();
    await using _ = await configured(own, (review) => allow(review, { warnings: ['low tide', 'low tide'] }));
    const { status, headers } = await cluster.call('POST', maps(own), map('a'));
    expect([status, headers.warning]).toEqual([201, '299 - "low tide"']);
  });

  it.each([
    ['labels that are selected', { objectSelector: { matchLabels: { berth: 'one' } } }, 1],
    [
      'other labels',
      { objectSelector: { matchExpressions: [{ key: 'berth', operator: 'NotIn', values: ['one'] }] } },
      0,
    ],
    ['another namespace', { namespaceSelector: { matchLabels: { own: 'nobody' } } }, 0],
  ])('is asked about an object with %s: %#', async (_what, webhook, asked) => {
    const own = await namespace();
    await using hook = await configured(own, (review) => allow(review), { webhook });
    await cluster.call('POST', maps(own), map('a', {}, { berth: 'one' }));
    expect(hook.reviews).toHaveLength(asked);
  });

  it.each([
    [{ operations: ['DELETE'] }, 0],
    [{ resources: ['*'] }, 1],
    [{ resources: ['*/*'] }, 1],
    [{ resources: ['configmaps/status'] }, 0],
    [{ apiGroups: ['apps'] }, 0],
    [{ apiGroups: ['*'], apiVersions: ['*'] }, 1],
    [{ scope: 'Cluster' }, 0],
    [{ scope: 'Namespaced' }, 1],
  ])('with the rule %j is asked %i times about a ConfigMap that is made', async (rule, asked) => {
    const own = await namespace();
    await using hook = await configured(own, (review) => allow(review), { rule });
    expect((await cluster.call('POST', maps(own), map('a'))).status).toBe(201);
    expect(hook.reviews).toHaveLength(asked);
  });

  it('sees of a scale its own small object, and may refuse it', async () => {
    const own = await namespace();
    const path = `/apis/apps/v1/namespaces/${own}/deployments`;
    const labels = { app: 'a' };
    await cluster.call('POST', path, {
      metadata: { name: 'a' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
      },
    });
    await using hook = await configured(own, (review) => deny(review, { message: 'enough' }), {
      rule: { apiGroups: ['apps'], resources: ['deployments/scale'] },
    });
    const scaled = await cluster.call(
      'PATCH',
      `${path}/a/scale`,
      { spec: { replicas: 3 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(scaled.json.message).toMatch(/denied the request: enough$/);
    const [{ request }] = hook.reviews;
    expect(request).toMatchObject({
      ...{ subResource: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
      ...{ object: { spec: { replicas: 3 } }, oldObject: { spec: { replicas: 1 } } },
    });
  });

  it('is not asked about a dry run unless that does nothing', async () => {
    const own = await namespace();
    await using hook = await configured(own, (review) => allow(review));
    const { status } = await cluster.call('POST', maps(own, '', '?dryRun=All'), map('a'));
    expect([status, hook.reviews[0].request.dryRun]).toEqual([201, true]);
    expect((await cluster.call('GET', maps(own, 'a'))).status).toBe(404);
  });

  it('cannot lock anybody out of its own configuration', async () => {
    const own = await namespace();
    await using hook = await configured(own, (review) => deny(review), {
      webhook: { namespaceSelector: {} },
      rule: { apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] },
    });
    expect((await cluster.call('POST', maps(own), map('a'))).status).toBe(400);
    const path = `${configurations}/validatingwebhookconfigurations/c-${own}`;
    expect((await cluster.call('DELETE', path)).status).toBe(200);
    expect((await cluster.call('POST', maps(own), map('a'))).status).toBe(201);
    const asked = hook.reviews.map(({ request }) => request.resource.group);
    expect(asked).not.toContain('admissionregistration.k8s.io');
  });
});

describe('a mutating webhook', () => {
  it('changes what is kept, but not what nobody may', async () => {
    const own = await namespace();
    await using _ = await configured(
      own,
      (review) =>
        patchWith(review, [
          { op: 'add', path: '/data/added', value: 'yes' },
          { op: 'add', path: '/metadata/uid', value: 'mine' },
          { op: 'add', path: '/metadata/labels/tide', value: 'high' },
        ]),
      { kind: 'Mutating' },
    );
    const { json: created } = await cluster.call('POST', maps(own), map('a', { x: '1' }));
    expect(created).toMatchObject({ data: { x: '1', added: 'yes' }, metadata: { labels: { tide: 'high' } } });
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    const { json: changed } = await cluster.call('PUT', maps(own, 'a'), map('a', { x: '2' }));
    expect([changed.data, changed.metadata.uid]).toEqual([{ x: '2', added: 'yes' }, created.metadata.uid]);
  });

  it('is judged like any other writer', async () => {
    const own = await namespace();
    await using _ = await configured(
      own,
      (review) => patchWith(review, [{ op: 'add', path: '/data/a b', value: '1' }]),
      { kind: 'Mutating' },
    );
    const { status, json } = await cluster.call('POST', maps(own), map('a', { x: '1' }));
    expect([status, json.reason]).toEqual([422, 'Invalid']);
  });

  it('comes in the order of names, and again when it asks for what came after it', async () => {
    const own = await namespace();
    const seen: string[] = [];
    const append =
      (letter: string): WebhookAnswer =>
      (review) => {
        seen.push(letter);
        const { data } = review.request.object;
        return data[letter] === undefined
          ? patchWith(review, [
              { op: 'add', path: `/data/${letter}`, value: String(Object.keys(data).length) },
            ])
          : allow(review);
      };
    await using _b = await configured(own, append('b'), { kind: 'Mutating', name: `b-${own}` });
    await using _a = await configured(own, append('a'), {
      ...{ kind: 'Mutating', name: `a-${own}`, webhook: { reinvocationPolicy: 'IfNeeded' } },
    });
    const { json } = await cluster.call('POST', maps(own), map('m', { x: '' }));
    expect([json.data, seen]).toEqual([{ x: '', a: '1', b: '2' }, ['a', 'b', 'a']]);
  });

  it.each([
    ['a patch that does not fit', [{ op: 'remove', path: '/data/none' }], /^Internal error occurred: /],
    ['a patch that mistypes', [{ op: 'replace', path: '/data', value: 7 }], /cannot unmarshal number/],
  ])('that answers with %s fails the write', async (_what, operations, message) => {
    const own = await namespace();
    await using _ = await configured(own, (review) => patchWith(review, operations), { kind: 'Mutating' });
    const { status, json } = await cluster.call('POST', maps(own), map('a', { x: '1' }));
    expect([status >= 400, json.message]).toEqual([true, expect.stringMatching(message)]);
  });
});

describe('a webhook that misbehaves', () => {
  it.each<[string, WebhookAnswer, RegExp]>([
    [
      'hangs',
      () => 'hang',
      /Post "https:\/\/127\.0\.0\.1:\d+\/judge\?timeout=1s": context deadline exceeded$/,
    ],
    ['answers no JSON', () => 'ahoy', /couldn't get version\/kind; json parse error/],
    ['answers with nothing', () => ({}), /received invalid webhook response: webhook response was absent$/],
    [
      'answers for another request',
      ({ request: _, ...review }) => allow({ ...review, request: { uid: 'other' } }),
      /expected response\.uid="[0-9a-f-]{36}", got "other"$/,
    ],
    [
      'answers as another kind',
      (review) => ({ ...allow(review), apiVersion: 'v1' }),
      /expected webhook response of admission\.k8s\.io\/v1, Kind=AdmissionReview, got v1, Kind=AdmissionReview$/,
    ],
    [
      'judges and patches',
      (review) => patchWith(review, []),
      /validating webhook may not return response\.patch$/,
    ],
    [
      'answers without end',
      (review) => allow(review, { warnings: ['x'.repeat(4 * 1024 * 1024)] }),
      /the response is larger than 3145728 bytes$/,
    ],
  ])('and %s fails the write, or is passed over where it may', async (what, answer, message) => {
    const own = await namespace();
    const timeoutSeconds = what === 'hangs' ? 1 : 30;
    await using _ = await configured(own, answer, { webhook: { timeoutSeconds } });
    const { status, json } = await cluster.call('POST', maps(own), map('a'));
    expect([status, json.reason, json.message]).toEqual([
      ...[500, 'InternalError', expect.stringMatching(message)],
    ]);
    expect(json.message).toMatch(/^Internal error occurred: failed calling webhook "judge\.example\.com": /);
    await using _open = await configured(own, (review) => allow(review), { name: `open-${own}` });
    await cluster.call('DELETE', `${configurations}/validatingwebhookconfigurations/c-${own}`);
    await using _lax = await configured(own, answer, {
      ...{ name: `lax-${own}`, webhook: { failurePolicy: 'Ignore', timeoutSeconds } },
    });
    expect((await cluster.call('POST', maps(own), map('a'))).status).toBe(201);
  });

  it('is not trusted without its authority', async () => {
    const own = await namespace();
    await using other = await startWebhook((review) => allow(review));
    await using _ = await configured(own, (review) => allow(review), {
      webhook: {
        clientConfig: { url: `https://127.0.0.1:${other.port}/`, caBundle: (await startedOnce()).caBundle },
      },
    });
    const { json } = await cluster.call('POST', maps(own), map('a'));
    expect(json.message).toMatch(/x509: certificate signed by unknown authority$/);
    expect(other.reviews).toHaveLength(0);
  });

  it.each([
    ['https://169.254.169.254/', /the address 169\.254\.169\.254 may not be called by a control plane$/],
    ['https://[::ffff:169.254.170.2]/', /may not be called by a control plane$/],
    ['https://0.0.0.0:1/', /the address 0\.0\.0\.0 may not be called by a control plane$/],
    ['https://127.0.0.1:1/', /dial tcp 127\.0\.0\.1:1: connect: connection refused$/],
  ])('at %s is not called', async (url, message) => {
    const own = await namespace();
    await using _ = await configured(own, (review) => allow(review), {
      webhook: { clientConfig: { url } },
    });
    const { json } = await cluster.call('POST', maps(own), map('a'));
    expect(json.message).toMatch(message);
  });
});

/** A webhook that has ended: of its authority only the certificate is left. */
async function startedOnce(): Promise<WebhookServer> {
  const once = await startWebhook((review) => allow(review));
  await once[Symbol.asyncDispose]();
  return once;
}

describe('a webhook behind a service', () => {
  const at = (own: string, port = 8443) => ({
    service: { namespace: own, name: 'hook', path: '/judge', port },
  });

  it.each([
    ['is missing', undefined, 8443, /: service "hook" not found$/],
    ['has no such port', { ports: [{ port: 1 }] }, 8443, /: no service port 8443 found for service "hook"$/],
    ['has no endpoints', { ports: [{ port: 8443 }] }, 8443, /: no endpoints available for service "hook"$/],
  ])('that %s fails the write', async (_what, spec, port, message) => {
    const own = await namespace();
    if (spec !== undefined)
      await cluster.call('POST', `/api/v1/namespaces/${own}/services`, { metadata: { name: 'hook' }, spec });
    await using _ = await configured(own, (review) => allow(review), {
      webhook: { clientConfig: at(own, port) },
    });
    const { json } = await cluster.call('POST', maps(own), map('a'));
    expect(json.message).toMatch(message);
    expect(json.message).toContain(`Post "https://hook.${own}.svc:${port}/judge?timeout=30s": `);
  });

  it('is reached where its name leads, and proves to be the service', async () => {
    const own = await namespace();
    await using hook = await startWebhook((review) => deny(review, { message: 'seen' }), [`hook.${own}.svc`]);
    await cluster.call('POST', `/api/v1/namespaces/${own}/services`, {
      ...{ metadata: { name: 'hook' }, spec: { type: 'ExternalName', externalName: 'localhost' } },
    });
    await using _ = await configured(own, (review) => allow(review), {
      webhook: { clientConfig: { ...at(own, hook.port), caBundle: hook.caBundle } },
    });
    const { json } = await cluster.call('POST', maps(own), map('a'));
    expect(json.message).toBe('admission webhook "judge.example.com" denied the request: seen');
  });
});

describe('a configuration', () => {
  const webhook = {
    ...{ name: 'judge.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'] },
    clientConfig: { url: 'https://127.0.0.1/' },
  };
  it('has defaults', async () => {
    const { json } = await cluster.call(
      'POST',
      `${configurations}/mutatingwebhookconfigurations?dryRun=All`,
      {
        metadata: { name: 'a' },
        webhooks: [
          {
            ...webhook,
            clientConfig: { service: { name: 'a', namespace: 'b' } },
            rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
          },
        ],
      },
    );
    expect(json.webhooks[0]).toMatchObject({
      ...{
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        timeoutSeconds: 10,
        reinvocationPolicy: 'Never',
      },
      ...{
        namespaceSelector: {},
        objectSelector: {},
        rules: [{ scope: '*' }],
        clientConfig: { service: { port: 443 } },
      },
    });
  });

  it.each([
    [
      { name: 'judge' },
      'webhooks[0].name: Invalid value: "judge": should be a domain with at least three segments separated by dots',
    ],
    [
      { sideEffects: undefined },
      'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
    ],
    [
      { timeoutSeconds: 31 },
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    ],
    [
      { admissionReviewVersions: ['v7'] },
      'webhooks[0].admissionReviewVersions: Invalid value: ["v7"]: must include at least one of v1, v1beta1',
    ],
    [
      { clientConfig: {} },
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
    ],
    [
      { clientConfig: { url: 'http://a/' } },
      'webhooks[0].clientConfig.url: Invalid value: "http://a/": \'https\' is the only allowed URL scheme; desired format: https://host[:port]/path',
    ],
    [
      { matchConditions: [{ name: 'a', expression: 'object.' }] },
      'webhooks[0].matchConditions[0].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input \'.\'\n | object.\n | .......^',
    ],
  ])('with %j is refused', async (more, told) => {
    const { status, json } = await cluster.call('POST', `${configurations}/validatingwebhookconfigurations`, {
      ...{ metadata: { name: 'a' }, webhooks: [{ ...webhook, ...more }] },
    });
    expect([status, json.message]).toEqual([
      422,
      `ValidatingWebhookConfiguration.admissionregistration.k8s.io "a" is invalid: ${told}`,
    ]);
  });
});
