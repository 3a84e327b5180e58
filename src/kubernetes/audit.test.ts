import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { deny, startWebhook } from './testing/webhook-server.ts';

let server: EksServer;
let cluster: TestCluster;
const group = '/aws/eks/harbor/cluster';
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor', {
    logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: true }] },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

async function linesOf(stream: string, of = group): Promise<readonly string[]> {
  const { events = [] } = await server.logs.filterLogEvents({
    ...{ logGroupName: of, logStreamNamePrefix: stream, limit: 10_000 },
  });
  return events.map(({ message = '' }) => message);
}

/** The event of a request, when it is there. */
async function audited(uri: string, verb: string) {
  return vi.waitFor(async () => {
    const events = (await linesOf('kube-apiserver-audit-')).map((it) => JSON.parse(it));
    const found = events.find((it) => it.requestURI.startsWith(uri) && it.verb === verb);
    if (found === undefined) throw new Error(`no event of ${verb} ${uri}`);
    return found;
  }, 10_000);
}

const maps = '/api/v1/namespaces/default/configmaps';
const services = '/api/v1/namespaces/default/services';

describe('the audit log of a cluster', () => {
  it('tells who asked for what, what was sent and what came of it', async () => {
    const { headers } = await cluster.call('POST', `${services}?fieldManager=me`, {
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }] },
    });
    const event = await audited(`${services}?fieldManager=me`, 'create');
    expect(event).toMatchObject({
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'RequestResponse' },
      ...{ stage: 'ResponseComplete', auditID: headers['audit-id'], sourceIPs: ['127.0.0.1'] },
      user: { username: 'arn:aws:iam::111122223333:root', groups: ['system:authenticated'] },
      objectRef: { resource: 'services', namespace: 'default', name: 'web', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } },
      responseObject: { kind: 'Service', metadata: { name: 'web' } },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
    expect(event.objectRef.apiGroup).toBeUndefined();
    expect(event.requestReceivedTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('does not tell what is secret, nor what a list shows', async () => {
    const secrets = '/api/v1/namespaces/default/secrets';
    await cluster.call('POST', secrets, { metadata: { name: 's' }, stringData: { password: 'hunter2' } });
    await cluster.call('GET', services);
    const event = await audited(secrets, 'create');
    expect(event.level).toBe('Metadata');
    expect(JSON.stringify(event)).not.toContain('hunter2');
    const list = await audited(services, 'list');
    expect([list.level, list.responseObject]).toEqual(['Request', undefined]);
    await cluster.call('GET', '/healthz');
    await cluster.call('GET', '/api/v1/namespaces/default/events');
    await cluster.call('GET', `${services}?limit=9`);
    // What came after them is there.
    await audited(`${services}?limit=9`, 'list');
    const uris = (await linesOf('kube-apiserver-audit-')).map((it) => JSON.parse(it).requestURI);
    expect(uris.filter((it) => it === '/healthz' || it.endsWith('/events'))).toEqual([]);
  });

  it('tells which Pod Security a pod is held to, and what it would violate', async () => {
    const prefix = 'pod-security.kubernetes.io/';
    const labels = { [`${prefix}enforce`]: 'baseline', [`${prefix}audit`]: 'restricted' };
    await cluster.call('POST', '/api/v1/namespaces', {
      metadata: { name: 'pier', labels: { ...labels, [`${prefix}audit-version`]: 'v1.20' } },
    });
    await server.reconcilers.idle();
    const pods = '/api/v1/namespaces/pier/pods';
    const securityContext = { allowPrivilegeEscalation: false, seccompProfile: { type: 'RuntimeDefault' } };
    const spec = { containers: [{ name: 'c', image: 'nginx', securityContext }] };
    expect((await cluster.call('POST', pods, { metadata: { name: 'p' }, spec })).status).toBe(201);
    expect((await audited(pods, 'create')).annotations).toMatchObject({
      [`${prefix}enforce-policy`]: 'baseline:latest',
      [`${prefix}audit-violations`]:
        'would violate PodSecurity "restricted:v1.20": runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
    });
  });

  it('tells in whose name somebody asks, and that he may not', async () => {
    await cluster.call('DELETE', `${services}/web`, undefined, { 'impersonate-user': 'jane' });
    expect(await audited(`${services}/web`, 'delete')).toMatchObject({
      impersonatedUser: { username: 'jane' },
      responseStatus: { status: 'Failure', reason: 'Forbidden', code: 403 },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
    await cluster.call('GET', '/api/v1/nodes?limit=7', undefined, { authorization: 'Bearer nobody' });
    expect(await audited('/api/v1/nodes?limit=7', 'get')).toMatchObject({
      ...{ user: {}, level: 'Metadata' },
      responseStatus: { code: 401, reason: 'Unauthorized' },
    });
  });

  it('tells what webhooks say of a write', async () => {
    await using hook = await startWebhook((review) => {
      const { response, ...answer } = deny(review) as { readonly response: object };
      return { ...answer, response: { ...response, auditAnnotations: { why: 'because' } } };
    });
    const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    await cluster.call('POST', configurations, {
      metadata: { name: 'judge' },
      webhooks: [
        {
          ...{ name: 'judge.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'] },
          timeoutSeconds: 30,
          clientConfig: { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle },
          rules: [
            { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
          ],
        },
      ],
    });
    expect((await cluster.call('POST', maps, { metadata: { name: 'a' } })).status).toBe(400);
    const event = await audited(maps, 'create');
    expect(event.annotations['judge.example.com/why']).toBe('because');
    await cluster.call('DELETE', `${configurations}/judge`);
  });

  it('tells that a watch has begun', async () => {
    await cluster.call('GET', `${services}?watch=true&timeoutSeconds=1`);
    await vi.waitFor(async () => {
      const events = (await linesOf('kube-apiserver-audit-')).map((it) => JSON.parse(it));
      const stages = events.filter((it) => it.verb === 'watch' && it.requestURI.startsWith(services));
      expect(stages.map(({ stage }) => stage)).toEqual(['ResponseStarted', 'ResponseComplete']);
    }, 10_000);
  });

  it('is written only where it is asked for, beside whom tokens let in', async () => {
    const quiet = await server.cluster('quiet');
    await quiet.call('GET', '/api/v1/namespaces');
    const { logGroups = [] } = await server.logs.describeLogGroups({ logGroupNamePrefix: '/aws/eks/quiet' });
    expect(logGroups).toEqual([]);
    await vi.waitFor(async () => expect((await linesOf('authenticator-')).length).toBeGreaterThan(0), 10_000);
    expect((await linesOf('authenticator-'))[0]).toContain(
      'level="info" msg="access granted" arn="arn:aws:iam::111122223333:root"',
    );
    const on = { clusterLogging: [{ types: ['audit' as const], enabled: true }] };
    const { update } = await server.eks.updateClusterConfig({ name: 'quiet', logging: on });
    expect(update).toMatchObject({ type: 'LoggingUpdate', params: [{ type: 'ClusterLogging' }] });
    await server.reconcilers.idle();
    const { cluster: described } = await server.eks.describeCluster({ name: 'quiet' });
    expect(described?.logging?.clusterLogging).toEqual([
      { types: ['audit'], enabled: true },
      { types: ['api', 'authenticator', 'controllerManager', 'scheduler'], enabled: false },
    ]);
    await quiet.call('GET', '/api/v1/namespaces?limit=3');
    await vi.waitFor(
      async () =>
        expect((await linesOf('kube-apiserver-audit-', '/aws/eks/quiet/cluster')).join()).toContain(
          'limit=3',
        ),
      10_000,
    );
    const scheduler = { clusterLogging: [{ types: ['scheduler' as const], enabled: true }] };
    await expect(server.eks.updateClusterConfig({ name: 'quiet', logging: scheduler })).rejects.toThrow(
      'Logs of the type scheduler are',
    );
  });
});
