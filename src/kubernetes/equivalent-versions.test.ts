import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { allow, deny, patchWith, startWebhook, type WebhookServer } from './testing/webhook-server.ts';

let server: EksServer;
let cluster: TestCluster;
let hook: WebhookServer;
let answer: Parameters<typeof startWebhook>[0];
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
  hook = await startWebhook((review, path) => answer(review, path));
});
afterAll(async () => {
  await hook?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  answer = (review) => allow(review);
});

const root = '/apis/admissionregistration.k8s.io/v1';
const v1 = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
const ruleOf = (group: string, version: string, resource: string) => ({
  ...{ apiGroups: [group], apiVersions: [version], operations: ['CREATE', 'UPDATE'], resources: [resource] },
});
const newer = ruleOf('autoscaling', 'v2', 'horizontalpodautoscalers');
/** Of the older version. */
const autoscaler = (name: string, utilization = 70) => ({
  metadata: { name },
  spec: {
    ...{ maxReplicas: 3, targetCPUUtilizationPercentage: utilization },
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  },
});

/** Has the webhook asked until it is disposed of. */
async function configured(kind: 'mutating' | 'validating', more: object) {
  const path = `${root}/${kind}webhookconfigurations`;
  const { status, text } = await cluster.call('POST', path, {
    metadata: { name: 'judge' },
    webhooks: [
      {
        ...{ name: 'judge.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None' },
        timeoutSeconds: 30,
        clientConfig: { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle },
        ...more,
      },
    ],
  });
  if (status !== 201) throw new Error(text);
  return {
    [Symbol.asyncDispose]: async () => {
      await cluster.call('DELETE', `${path}/judge`);
    },
  };
}

describe('a webhook whose rules name another version', () => {
  it('is asked in that version, and told which was asked for', async () => {
    await using _ = await configured('validating', { rules: [newer] });
    answer = (review) => deny(review, { message: 'not so many' });
    const { status, json } = await cluster.call('POST', v1, autoscaler('judged'));
    expect([status, json.message]).toEqual([400, expect.stringContaining('not so many')]);
    const kind = { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' };
    const resource = { group: 'autoscaling', resource: 'horizontalpodautoscalers' };
    expect(hook.reviews.at(-1).request).toMatchObject({
      ...{ kind: { ...kind, version: 'v2' }, resource: { ...resource, version: 'v2' } },
      ...{ requestKind: { ...kind, version: 'v1' }, requestResource: { ...resource, version: 'v1' } },
      object: {
        apiVersion: 'autoscaling/v2',
        spec: { metrics: [{ resource: { target: { averageUtilization: 70 } } }] },
      },
    });
  });

  it('is not asked where it wants exactly that one', async () => {
    await using _ = await configured('validating', { rules: [newer], matchPolicy: 'Exact' });
    const before = hook.reviews.length;
    expect((await cluster.call('POST', v1, autoscaler('exact'))).status).toBe(201);
    expect(hook.reviews).toHaveLength(before);
  });

  it('changes what is written in the version that was asked for', async () => {
    await using _ = await configured('mutating', { rules: [newer] });
    const at = '/spec/metrics/0/resource/target/averageUtilization';
    answer = (review) => patchWith(review, [{ op: 'replace', path: at, value: 55 }]);
    const { status, json } = await cluster.call('POST', v1, autoscaler('changed'));
    expect([status, json.apiVersion, json.spec.targetCPUUtilizationPercentage]).toEqual([
      ...[201, 'autoscaling/v1', 55],
    ]);
    answer = (review) => allow(review);
    // Without a version: its controller writes to it as well.
    const later = { metadata: { name: 'changed' }, spec: { ...json.spec, maxReplicas: 4 } };
    expect((await cluster.call('PUT', `${v1}/changed`, later)).status).toBe(200);
    expect(hook.reviews.at(-1).request.oldObject).toMatchObject({
      ...{ apiVersion: 'autoscaling/v2', spec: { maxReplicas: 3 } },
    });
  });

  it('sees the events of either group', async () => {
    await using _ = await configured('validating', { rules: [ruleOf('events.k8s.io', 'v1', 'events')] });
    await cluster.call('POST', '/api/v1/namespaces/default/events', {
      ...{ metadata: { name: 'told' }, involvedObject: { namespace: 'default' } },
      message: 'in the older words',
    });
    expect(hook.reviews.at(-1).request).toMatchObject({
      kind: { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
      object: { apiVersion: 'events.k8s.io/v1', note: 'in the older words' },
    });
  });

  it('leaves of a custom resource what only the other version knows', async () => {
    const group = 'equal.example.com';
    const schema = (field: string) => ({
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: { size: { type: 'integer' }, [field]: { type: 'string' } } },
        },
      },
    });
    await cluster.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `ships.${group}` },
      spec: {
        ...{ group, scope: 'Namespaced' },
        names: { plural: 'ships', singular: 'ship', kind: 'Ship', listKind: 'ShipList' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: schema('one') },
          { name: 'v2', served: true, storage: false, schema: schema('two') },
        ],
      },
    });
    await server.reconcilers.idle();
    await using _ = await configured('mutating', { rules: [ruleOf(group, 'v1', 'ships')] });
    answer = (review) => patchWith(review, [{ op: 'replace', path: '/spec/size', value: 2 }]);
    const { status, json } = await cluster.call('POST', `/apis/${group}/v2/namespaces/default/ships`, {
      ...{ apiVersion: `${group}/v2`, kind: 'Ship', metadata: { name: 'a' } },
      spec: { size: 1, two: 'kept' },
    });
    expect([status, json.apiVersion, json.spec]).toEqual([...[201, `${group}/v2`, { size: 2, two: 'kept' }]]);
    expect(hook.reviews.at(-1).request.object.apiVersion).toBe(`${group}/v1`);
  });
});

describe('a policy whose rules name another version', () => {
  /** In force until it is disposed of. */
  async function bound(kind: 'mutating' | 'validating', spec: object, binding: object = {}) {
    const made = [
      await cluster.call('POST', `${root}/${kind}admissionpolicies`, {
        metadata: { name: 'judge' },
        spec: { matchConstraints: { resourceRules: [newer] }, ...spec },
      }),
      await cluster.call('POST', `${root}/${kind}admissionpolicybindings`, {
        ...{ metadata: { name: 'judge' }, spec: { policyName: 'judge', ...binding } },
      }),
    ];
    for (const { status, text } of made) if (status !== 201) throw new Error(text);
    return {
      [Symbol.asyncDispose]: async () => {
        await cluster.call('DELETE', `${root}/${kind}admissionpolicybindings/judge`);
        await cluster.call('DELETE', `${root}/${kind}admissionpolicies/judge`);
      },
    };
  }

  it('judges in that version, unless it excludes it', async () => {
    const expression =
      "object.spec.metrics[0].resource.target.averageUtilization < 90 && request.kind.version == 'v2' && request.requestKind.version == 'v1'";
    const spec = { validations: [{ expression }] };
    const actions = { validationActions: ['Deny'] };
    {
      await using _ = await bound('validating', spec, actions);
      expect((await cluster.call('POST', v1, autoscaler('calm'))).status).toBe(201);
      expect((await cluster.call('POST', v1, autoscaler('busy', 95))).status).toBe(422);
    }
    const excluding = { resourceRules: [newer], excludeResourceRules: [newer] };
    await using _ = await bound('validating', { ...spec, matchConstraints: excluding }, actions);
    expect((await cluster.call('POST', v1, autoscaler('left', 95))).status).toBe(201);
  });

  it('changes what is written in the version that was asked for', async () => {
    await using _ = await bound('mutating', {
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression:
              "[JSONPatch{op: 'replace', path: '/spec/metrics/0/resource/target/averageUtilization', value: 44}]",
          },
        },
      ],
    });
    const { status, json } = await cluster.call('POST', v1, autoscaler('policed'));
    expect([status, json.spec.targetCPUUtilizationPercentage]).toEqual([201, 44]);
  });
});
