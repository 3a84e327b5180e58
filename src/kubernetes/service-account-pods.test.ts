import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const pods = '/api/v1/namespaces/default/pods';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

let server: EksServer;
let harbor: TestCluster;
beforeAll(async () => {
  server = await startEks();
  harbor = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const create = (name: string, spec: object = {}) =>
  harbor.call('POST', pods, {
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
  });
const account = (name: string, more: object) =>
  harbor.call('POST', accounts, { metadata: { name }, ...more });

describe('a pod', () => {
  it('has the ServiceAccount of its namespace, and a token of it where clients look', async () => {
    const { json } = await create('plain', { initContainers: [{ name: 'i', image: 'busybox' }] });
    const { spec } = json;
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    const [volume] = spec.volumes;
    expect(volume).toEqual({
      name: expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/),
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    });
    for (const container of [...spec.initContainers, ...spec.containers])
      expect(container.volumeMounts).toEqual([{ name: volume.name, readOnly: true, mountPath }]);
  });

  it('has no token where it or its ServiceAccount says so, the pod before the other', async () => {
    await account('quiet', { automountServiceAccountToken: false });
    expect((await create('one', { automountServiceAccountToken: false })).json.spec.volumes).toBeUndefined();
    expect((await create('two', { serviceAccountName: 'quiet' })).json.spec.volumes).toBeUndefined();
    const loud = await create('three', { serviceAccountName: 'quiet', automountServiceAccountToken: true });
    expect(loud.json.spec.volumes).toHaveLength(1);
  });

  it('keeps what is mounted there already', async () => {
    const { json } = await create('own', {
      containers: [{ name: 'c', image: 'busybox', volumeMounts: [{ name: 'v', mountPath }] }],
      volumes: [{ name: 'v', emptyDir: {} }],
    });
    expect(json.spec.volumes).toHaveLength(1);
    expect(json.spec.containers[0].volumeMounts).toHaveLength(1);
  });

  it('pulls images with the secrets of its ServiceAccount, unless it names its own', async () => {
    await account('puller', { imagePullSecrets: [{ name: 'registry' }] });
    const pulled = await create('pulled', { serviceAccountName: 'puller' });
    expect(pulled.json.spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
    const own = await create('pulls', { serviceAccountName: 'puller', imagePullSecrets: [{ name: 'mine' }] });
    expect(own.json.spec.imagePullSecrets).toEqual([{ name: 'mine' }]);
  });

  it('of a namespace that has just been made waits for its ServiceAccount', async () => {
    await harbor.call('POST', '/api/v1/namespaces', { metadata: { name: 'fresh' } });
    const made = await harbor.call('POST', '/api/v1/namespaces/fresh/pods', {
      ...{ metadata: { name: 'first' }, spec: { containers: [{ name: 'c', image: 'busybox' }] } },
    });
    expect(made.status).toBe(201);
  });

  it('is refused with a ServiceAccount that is not there, and with secrets that it may not see', async () => {
    const absent = await create('absent', { serviceAccountName: 'nobody' });
    expect([absent.status, absent.json.message]).toEqual([
      403,
      'pods "absent" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    ]);
    await harbor.call('POST', accounts, {
      metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
      secrets: [{ name: 'seen' }],
    });
    const seeing = (name: string, secretName: string) =>
      create(name, { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName } }] });
    expect((await seeing('allowed', 'seen')).status).toBe(201);
    const refused = await seeing('refused', 'hidden');
    expect([refused.status, refused.json.message]).toEqual([
      403,
      'pods "refused" is forbidden: volume with secret.secretName="hidden" is not allowed because service account strict does not reference that secret',
    ]);
  });
});
