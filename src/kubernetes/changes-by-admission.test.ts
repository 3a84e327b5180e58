import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { patchWith, startWebhook, type WebhookAnswer } from './testing/webhook-server.ts';

const admission = '/apis/admissionregistration.k8s.io/v1';
const rbac = '/apis/rbac.authorization.k8s.io/v1';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const rule = (group: string, resource: string) => ({
  ...{ operations: ['*'], apiGroups: [group], apiVersions: ['*'], resources: [resource] },
});

/** A mutating webhook for a resource, until it is disposed of. */
async function webhook(name: string, answer: WebhookAnswer, asked: object, more: object = {}) {
  const { port, caBundle, ...started } = await startWebhook(answer);
  const path = `${admission}/mutatingwebhookconfigurations`;
  const made = await cluster.call('POST', path, {
    metadata: { name },
    webhooks: [
      {
        ...{ name: 'hook.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], rules: [asked] },
        ...{ clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle }, timeoutSeconds: 30, ...more },
      },
    ],
  });
  expect(made.status, made.text).toBe(201);
  return {
    [Symbol.asyncDispose]: async () => {
      await cluster.call('DELETE', `${path}/${name}`);
      await started[Symbol.asyncDispose]();
    },
  };
}

async function mustMake(path: string, body: object): Promise<void> {
  const { status, text } = await cluster.call('POST', path, body);
  expect(status, text).toBe(201);
}

describe('a webhook', () => {
  it('hands out by a role of its caller no more than that caller has', async () => {
    await mustMake(`${rbac}/clusterroles`, {
      metadata: { name: 'role-writer' },
      rules: [{ verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] }],
    });
    await mustMake(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'role-writer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-writer' },
      subjects: [{ kind: 'User', name: 'ada' }],
    });
    const all = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
    await using _ = await webhook(
      'adds-rules',
      (review) => patchWith(review, [{ op: 'add', path: '/rules', value: all }]),
      rule('rbac.authorization.k8s.io', 'roles'),
    );
    const roles = `${rbac}/namespaces/default/roles`;
    const ada = { 'impersonate-user': 'ada' };
    const { status, json } = await cluster.call('POST', roles, { metadata: { name: 'r' }, rules: [] }, ada);
    expect([status, json.message]).toEqual([
      403,
      expect.stringContaining('is attempting to grant RBAC permissions not currently held'),
    ]);
    expect((await cluster.call('GET', `${roles}/r`)).status).toBe(404);
  });

  it('that switches to another protocol gave no answer', async () => {
    await using _ = await webhook('switches', () => 'switch', rule('', 'configmaps'));
    const { status, json } = await cluster.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'a' },
    });
    expect([status, json.message]).toEqual([
      500,
      expect.stringContaining('the connection ended without a response'),
    ]);
  });
});

describe('a MutatingAdmissionPolicy', () => {
  it('changes at a subresource nothing but what is written there', async () => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { app: 'a' };
    await mustMake(deployments, {
      metadata: { name: 'a' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    });
    await mustMake(`${admission}/mutatingadmissionpolicies`, {
      metadata: { name: 'many' },
      spec: {
        matchConstraints: { resourceRules: [rule('apps', 'deployments/status')] },
        ...{ reinvocationPolicy: 'Never', failurePolicy: 'Fail' },
        mutations: [
          {
            patchType: 'JSONPatch',
            jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 7}]" },
          },
        ],
      },
    });
    await mustMake(`${admission}/mutatingadmissionpolicybindings`, {
      ...{ metadata: { name: 'many' }, spec: { policyName: 'many' } },
    });
    const patch = { status: { observedGeneration: 1, conditions: [] } };
    const type = { 'content-type': 'application/merge-patch+json' };
    const { status, json } = await cluster.call('PATCH', `${deployments}/a/status`, patch, type);
    expect([status, json.spec?.replicas]).toEqual([200, 0]);
  });
});
