import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testIdentity } from '../../src/kubernetes/testing/test-identity.ts';
import { testImage } from './image.ts';
import { waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';
import { PodCluster } from './pod-cluster.ts';

const groupVersion = 'wardle.example.com/v1';

/** A webhook, the server of an aggregated API, and who tells what he was asked: over TLS on 8443, in the clear on 8080. */
const program = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
const resources = [{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get'] }];
const answerTo = (url, review, headers) => {
  if (url.startsWith('/judge')) {
    const { uid, name } = review.request;
    const response = { uid, allowed: name !== 'bad', status: { message: 'none that are bad' } };
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
  }
  if (url === '/apis/${groupVersion}')
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: '${groupVersion}', resources };
  if (url.startsWith('/apis/${groupVersion}/'))
    return { kind: 'Flunder', apiVersion: '${groupVersion}', metadata: { name: 'one' }, user: headers['x-remote-user'] };
};
const handle = async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const told = answerTo(request.url, text && JSON.parse(text), request.headers);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(told ?? { asked: request.url, from: request.socket.remoteAddress }));
};
const [key, cert] = ['key', 'cert'].map((name) => readFileSync('/etc/serving/' + name));
createTlsServer({ key, cert }, handle).listen(8443);
createServer(handle).listen(8080);
`;

/** What runs in pods and is asked by the API server, and what runs there and asks it. */
describe('a cluster’s VPC', () => {
  let cluster: PodCluster;
  let image: string;
  let libraries: string;
  const k: PodCluster['k'] = (...args) => cluster.k(...args);
  const service = '/api/v1/namespaces/default/services/server:80/proxy/x';
  const isServed = () =>
    waitFor('the service', async () => {
      const { code } = await cluster.say('get', '--raw', service, '--request-timeout=10s');
      return code === 0 ? true : undefined;
    });
  const apply: PodCluster['apply'] = (...objects) => cluster.apply(...objects);
  const interfaces = async (): Promise<readonly string[]> => {
    const { NetworkInterfaces = [] } = await cluster.installation.ec2().describeNetworkInterfaces({
      Filters: [{ Name: 'description', Values: ['Amazon EKS harbor'] }],
    });
    return NetworkInterfaces.map(({ PrivateIpAddress = '' }) => PrivateIpAddress);
  };

  /** The programs of the machine's own: no registry has images for a test. */
  const mounted = (name: string, path: string) => ({ name, hostPath: { path } });
  const readOnly = (name: string) => ({ name, mountPath: `/host/${name}`, readOnly: true });
  const container = (command: readonly string[], mounts: readonly object[]) => ({
    ...{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command, volumeMounts: mounts },
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
  });

  beforeAll(async () => {
    [cluster, image] = await Promise.all([PodCluster.start(1), testImage()]);
    const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
    libraries = await realpath(`/lib/${triple}`);
    const { caBundle, ...identity } = await testIdentity(['server.default.svc']);
    const labels = { app: 'server' };
    const loader = process.arch === 'arm64' ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
    const command = [
      ...[`/host/lib/${loader}`, '--library-path', '/host/lib', '/host/bin/node'],
      '/etc/program/serve.mjs',
    ];
    await apply(
      {
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'serving' } },
        stringData: identity,
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'program' }, data: { 'serve.mjs': program } },
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'server' } },
        spec: {
          ...{ replicas: 1, selector: { matchLabels: labels } },
          template: {
            metadata: { labels },
            spec: {
              ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
              containers: [
                {
                  ...container(command, [
                    ...[readOnly('lib'), readOnly('bin')],
                    { name: 'serving', mountPath: '/etc/serving' },
                    { name: 'program', mountPath: '/etc/program' },
                  ]),
                  readinessProbe: {
                    ...{ httpGet: { path: '/', port: 8_443, scheme: 'HTTPS' } },
                    ...{ periodSeconds: 1, timeoutSeconds: 10 },
                  },
                },
              ],
              volumes: [
                mounted('lib', libraries),
                mounted('bin', dirname(await realpath(process.execPath))),
                { name: 'serving', secret: { secretName: 'serving' } },
                { name: 'program', configMap: { name: 'program' } },
              ],
            },
          },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'server' } },
        spec: {
          selector: labels,
          ports: [
            { name: 'https', port: 443, targetPort: 8_443 },
            { name: 'http', port: 80, targetPort: 8_080 },
          ],
        },
      },
      {
        ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
        metadata: { name: 'judge' },
        webhooks: [
          {
            ...{ name: 'judge.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None' },
            clientConfig: { caBundle, service: { namespace: 'default', name: 'server', path: '/judge' } },
            objectSelector: { matchLabels: { judged: 'true' } },
            rules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
            ],
          },
        ],
      },
      {
        ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
        metadata: { name: 'v1.wardle.example.com' },
        spec: {
          ...{ group: 'wardle.example.com', version: 'v1', groupPriorityMinimum: 9, versionPriority: 9 },
          ...{ service: { namespace: 'default', name: 'server' }, caBundle },
        },
      },
    );
    await k('rollout', 'status', 'deployment/server', '--timeout=100s');
    await isServed();
  }, 400_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('has the control plane’s interfaces, by which services and pods are asked', async () => {
    const own = await interfaces();
    expect(own).toHaveLength(2);
    const services = '/api/v1/namespaces/default/services';
    for (const name of ['http:server:http', 'server:80', 'https:server:https', 'https:server:443']) {
      const told = JSON.parse(await k('get', '--raw', `${services}/${name}/proxy/a/b?c=d`));
      expect(told.asked, name).toBe('/a/b?c=d');
      expect(own).toContain(told.from.replace('::ffff:', ''));
    }
    const pod = await k('get', 'pods', '-l', 'app=server', '-o', 'jsonpath={.items[0].metadata.name}');
    const path = `/api/v1/namespaces/default/pods/${pod}:8080/proxy/x`;
    expect(JSON.parse(await k('get', '--raw', path)).asked).toBe('/x');
  });

  it('has webhooks that judge what is written', async () => {
    const labelled = (name: string) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { judged: 'true' } } },
    });
    await apply(labelled('good'));
    await expect(apply(labelled('bad'))).rejects.toThrow(
      'admission webhook "judge.example.com" denied the request: none that are bad',
    );
  });

  it('has APIs of its own', async () => {
    await waitFor('the API', async () => {
      const said = await k('get', 'apiservice', 'v1.wardle.example.com', '-o', 'jsonpath={..status}');
      return said.includes('True') ? true : undefined;
    });
    const flunder = JSON.parse(
      await k('get', '--raw', `/apis/${groupVersion}/namespaces/default/flunders/one`),
    );
    expect(flunder).toMatchObject({ kind: 'Flunder', user: expect.stringContaining('') });
    expect(await k('get', 'flunders', 'one', '-o', 'name')).toBe('flunder.wardle.example.com/one\n');
  }, 240_000);

  it('has pods that ask the API server as their ServiceAccount', async () => {
    const rbac = 'rbac.authorization.k8s.io';
    const kubectl = await realpath(await fetchKubectl());
    const script = [
      'set -e',
      '/host/programs/kubectl get pods -o name',
      '! /host/programs/kubectl get secrets 2>&1',
      'cd /var/run/secrets/kubernetes.io/serviceaccount',
      '/host/programs/kubectl --server https://kubernetes.default.svc --certificate-authority ca.crt --token "$(cat token)" get pods -o name',
    ].join('\n');
    await apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader' } },
      {
        ...{ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name: 'reader' } },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
      },
      {
        ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: 'reader' } },
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
      },
      {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asker' } },
        spec: {
          ...{ serviceAccountName: 'reader', restartPolicy: 'Never' },
          containers: [container(['/bin/sh', '-c', script], [readOnly('programs')])],
          volumes: [mounted('programs', dirname(kubectl))],
        },
      },
    );
    const phase = await waitFor('the pod to end', async () => {
      const said = await cluster.phaseOf('asker');
      return said === 'Succeeded' || said === 'Failed' ? said : undefined;
    });
    const log = await k('logs', 'asker');
    expect(phase, log).toBe('Succeeded');
    expect(log.match(/^pod\/asker$/gm)).toHaveLength(2);
    expect(log).toContain('secrets is forbidden: User "system:serviceaccount:default:reader"');
    const endpoints = await k('get', 'endpoints', 'kubernetes', '-o', 'jsonpath={..ip}');
    expect(endpoints.split(' ').toSorted()).toEqual([...(await interfaces())].toSorted());
  }, 240_000);

  it('holds its security groups against both', async () => {
    const { cluster: described } = await cluster.eks.describeCluster({ name: 'harbor' });
    const GroupId = described?.resourcesVpcConfig?.clusterSecurityGroupId;
    const rule = { GroupId, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }] };
    const ec2 = cluster.installation.ec2();
    await ec2.revokeSecurityGroupIngress(rule);
    await waitFor('the service to be out of reach', async () => {
      const { code, stdout } = await cluster.say('get', '--raw', service, '--request-timeout=3s');
      return code === 1 && stdout === '' ? true : undefined;
    });
    await ec2.authorizeSecurityGroupIngress(rule);
    await isServed();
  }, 300_000);

  it('has all of that again after a death of Catamaran', async () => {
    await cluster.installation.kill9();
    await cluster.installation.up();
    await isServed();
  }, 240_000);
});
