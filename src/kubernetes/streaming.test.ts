import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';
import { type FakeKubelet, startFakeKubelet } from './testing/fake-kubelet.ts';
import { TestVpc } from './testing/test-vpc.ts';
import { upgraded as upgradedAt } from './testing/upgraded.ts';
import { deny, startWebhook } from './testing/webhook-server.ts';

let server: EksServer;
const vpc = new TestVpc();
let cluster: TestCluster;
let kubelet: FakeKubelet | undefined;
/** What the kubelet was asked: method, path and the headers that matter. */
let asked: { method?: string; url?: string; protocol?: string; authorization?: string }[] = [];
let answers: { status: number; text: string };

const namespace = '/api/v1/namespaces/default';
const pods = `${namespace}/pods`;
const upgraded = (path: string, headers?: Record<string, string>) =>
  upgradedAt(cluster, `${pods}/${path}`, headers);
const container = (name: string) => ({ name, image: 'i:1' });

beforeAll(async () => {
  server = await startEks({ connectIn: vpc.connectIn });
  cluster = await server.cluster('harbor', { version: '1.35' });
  kubelet = await startFakeKubelet(cluster, 'n1.internal', {
    answer: ({ method, url, headers: { authorization } }, response) => {
      // The cluster asks for these by itself, every 15 s.
      if (url !== '/metrics/resource')
        asked.push({ method: method ?? '', url: url ?? '', ...(authorization && { authorization }) });
      response.writeHead(answers.status, { 'content-type': 'text/plain' }).end(answers.text);
    },
    upgrade: ({ method, url, headers }, socket) => {
      const { authorization, 'sec-websocket-protocol': protocol } = headers;
      asked.push({
        ...{ method: method ?? '', url: url ?? '' },
        ...(protocol && { protocol }),
        ...(authorization && { authorization }),
      });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello;');
      socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
      socket.on('end', () => socket.end());
    },
  });
  for (const [name, spec] of [
    ['one', { containers: [container('c')] }],
    ['two', { containers: [container('a'), container('b')], initContainers: [container('i')] }],
  ] as const) {
    await cluster.call('POST', pods, { metadata: { name }, spec: { ...spec, nodeName: 'n1.internal' } });
  }
});
afterAll(async () => {
  await kubelet?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  asked = [];
  answers = { status: 200, text: 'a\nb\n' };
});

describe('the log of a container', () => {
  it('is what its kubelet says, asked as the API server', async () => {
    const query =
      'follow=true&previous=false&tailLines=5&limitBytes=9&timestamps=1&sinceSeconds=7&stream=All';
    const { status, headers, text } = await cluster.call('GET', `${pods}/one/log?${query}`);
    expect([status, headers['content-type'], text]).toEqual([200, 'text/plain', 'a\nb\n']);
    const url =
      '/containerLogs/default/one/c?follow=true&timestamps=true&sinceSeconds=7&tailLines=5&limitBytes=9&stream=All';
    expect(asked).toEqual([{ method: 'GET', url }]);
    expect(kubelet?.clients.at(-1)).toBe('kube-apiserver-kubelet-client');
  });

  it('is of a container that is named where there are several', async () => {
    expect((await cluster.call('GET', `${pods}/two/log?container=i`)).status).toBe(200);
    const told = async (path: string) => {
      const { status, json } = await cluster.call('GET', `${pods}/${path}`);
      return [status, json.message];
    };
    expect(await told('two/log')).toEqual([
      400,
      'a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]',
    ]);
    expect(await told('two/log?container=x')).toEqual([400, 'container x is not valid for pod two']);
  });

  it.each([
    ['tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['limitBytes=0', 422, 'limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      422,
      'at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['stream=Both', 422, 'stream: Unsupported value: "Both": supported values: "All", "Stderr", "Stdout"'],
    ['tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ])('refuses %s', async (query, code, message) => {
    const { status, json } = await cluster.call('GET', `${pods}/one/log?${query}`);
    expect([status, json.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('tells what the kubelet refuses', async () => {
    answers = { status: 400, text: 'container "c" in pod "one" is waiting to start: ContainerCreating' };
    const { status, json } = await cluster.call('GET', `${pods}/one/log`);
    expect([status, json.reason, json.message]).toEqual([400, 'BadRequest', answers.text]);
  });

  it('is not asked of who shows the certificate of another node', async () => {
    await using _ = await startFakeKubelet(cluster, 'n2.internal', { certifiedFor: 'n3.internal' });
    const spec = { containers: [container('c')], nodeName: 'n2.internal' };
    await cluster.call('POST', pods, { metadata: { name: 'strange' }, spec });
    const { status, json } = await cluster.call('GET', `${pods}/strange/log`);
    expect([status, json.message]).toEqual([500, expect.stringMatching(/dialing backend.*n2\.internal/)]);
  });
});

describe('a command in a container', () => {
  it('goes through to its kubelet in whichever protocol, without the credentials of who asks', async () => {
    const heard = await upgraded('one/exec?command=ls&command=-l&stdin=true&stdout=1&tty=false', {
      'sec-websocket-protocol': 'v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0',
    });
    expect(heard).toMatch(/^HTTP\/1.1 101 .*\r\n\r\nhello;TYPED$/s);
    const url = '/exec/default/one/c?input=1&output=1&command=ls&command=-l';
    expect(asked).toEqual([{ method: 'GET', url, protocol: 'v5.channel.k8s.io' }]);
  });

  it('is forwarded ports and an attachment likewise', async () => {
    await upgraded('one/portforward?ports=80,81');
    await upgraded('two/attach?container=b&stdout=true');
    expect(asked.map(({ url }) => url)).toEqual([
      '/portForward/default/one?port=80&port=81',
      '/attach/default/two/b?output=1',
    ]);
  });

  it('begins by an upgrade, and not in a container that there is not', async () => {
    const plain = await cluster.call('POST', `${pods}/one/exec?command=ls`);
    expect([plain.status, plain.json.message]).toEqual([400, 'Upgrade request required']);
    expect(await upgraded('two/exec?command=ls')).toMatch(/^HTTP\/1.1 400 .*choose one of: \[a b\]/s);
    expect(await upgraded('one/status')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is for those who may create it, also by GET since 1.35', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }];
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    await cluster.call('POST', `${rbac}/roles`, { metadata: { name: 'looks' }, rules });
    await cluster.call('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'looks' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'looks' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ada' }],
    });
    const told = await upgraded('one/exec?command=ls', { 'impersonate-user': 'ada' });
    expect(told).toMatch(/^HTTP\/1.1 403 .*cannot create resource \\"pods\/exec\\"/s);
    expect(asked).toEqual([]);
  });

  it('is known to webhooks, which may refuse it', async () => {
    await using hook = await startWebhook((review) => deny(review, { message: 'no commands here' }));
    const configuration = {
      metadata: { name: 'guard' },
      webhooks: [
        {
          ...{ name: 'guard.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None' },
          timeoutSeconds: 30,
          clientConfig: { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/attach'] },
          ],
        },
      ],
    };
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    expect((await cluster.call('POST', path, configuration)).status).toBe(201);
    expect(await upgraded('one/attach?stdout=true')).toMatch(/^HTTP\/1.1 400 .*no commands here/s);
    expect(hook.reviews[0].request).toMatchObject({
      ...{ operation: 'CONNECT', subResource: 'attach', name: 'one' },
      kind: { group: '', version: 'v1', kind: 'PodAttachOptions' },
      object: { kind: 'PodAttachOptions', apiVersion: 'v1', stdout: true },
    });
    expect(await upgraded('one/exec?command=ls')).toMatch(/^HTTP\/1.1 101 /);
    await cluster.call('DELETE', `${path}/guard`);
  });
});

describe('a policy that changes what is written', () => {
  it('also changes what is asked for where something is connected to', async () => {
    const root = '/apis/admissionregistration.k8s.io/v1';
    const operations = { apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'] };
    const policy = {
      metadata: { name: 'calm' },
      spec: {
        ...{ failurePolicy: 'Fail', reinvocationPolicy: 'Never' },
        matchConstraints: { resourceRules: [{ ...operations, resources: ['pods/exec'] }] },
        matchConditions: [{ name: 'loud', expression: "object.command.exists(it, it == 'shout')" }],
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{stdin: false, stderr: true}' },
          },
          {
            patchType: 'JSONPatch',
            jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/command/0', value: 'whisper'}]" },
          },
        ],
      },
    };
    const made = [
      await cluster.call('POST', `${root}/mutatingadmissionpolicies`, policy),
      await cluster.call('POST', `${root}/mutatingadmissionpolicybindings`, {
        ...{ metadata: { name: 'calm' }, spec: { policyName: 'calm' } },
      }),
    ];
    expect(made.map(({ status, text }) => status === 201 || text)).toEqual([true, true]);
    await upgraded('one/exec?command=shout&command=it&stdin=true&stdout=true');
    await upgraded('one/exec?command=ls&stdin=true&stdout=true');
    expect(asked.map(({ url }) => url)).toEqual([
      '/exec/default/one/c?output=1&error=1&command=whisper&command=it',
      '/exec/default/one/c?input=1&output=1&command=ls',
    ]);
    await cluster.call('DELETE', `${root}/mutatingadmissionpolicybindings/calm`);
  });
});

describe('the proxy of a node', () => {
  const proxy = '/api/v1/nodes/n1.internal/proxy';

  it('is its kubelet, with whatever is asked of it', async () => {
    expect(await cluster.call('GET', `${proxy}/stats/summary?only_cpu=true`)).toMatchObject({
      ...{ status: 200, text: 'a\nb\n' },
    });
    await cluster.call('POST', `/api/v1/nodes/https:n1.internal:${kubelet?.port}/proxy/run/a%2Fb`, { a: 1 });
    expect(asked).toEqual([
      { method: 'GET', url: '/stats/summary?only_cpu=true' },
      { method: 'POST', url: '/run/a%2Fb' },
    ]);
  });

  it('begins behind a slash, and is nobody else', async () => {
    const { status, headers } = await cluster.call('GET', `${proxy}?a=b`);
    expect([status, headers.location]).toEqual([301, `${proxy}/?a=b`]);
    expect((await cluster.call('GET', '/api/v1/nodes/n1.internal:9100/proxy/metrics')).status).toBe(501);
    expect(asked).toEqual([]);
  });
});

describe('the proxies of pods and services', () => {
  const merge = { 'content-type': 'application/merge-patch+json' };
  const address = '172.31.0.77';
  const services = `${namespace}/services`;
  /** What is asked of the pod `one`, which answers with whatever it got. */
  async function answering(): Promise<AsyncDisposable> {
    const backend = createServer((request, response) => {
      const { authorization = 'none', 'x-forwarded-uri': uri, host, cookie } = request.headers;
      const { 'x-forwarded-for': from } = request.headers;
      response.setHeader('location', '/there');
      if (request.url === '/page') {
        const page = '<a href="/a">é</a>';
        const headers = {
          'content-type': 'text/html; charset=utf-8',
          'content-length': Buffer.byteLength(page),
        };
        response.writeHead(200, headers).end(page);
        return;
      }
      request.pipe(
        response.writeHead(201, {
          'x-asked': `${request.method} ${request.url} ${authorization}`,
          'x-told': [host, uri, from, cookie].join(' '),
        }),
      );
    }).listen(0, '127.0.0.1');
    backend.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello;');
      socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
      socket.on('end', () => socket.end());
    });
    await once(backend, 'listening');
    vpc.put(address, (backend.address() as AddressInfo).port);
    await cluster.call('PATCH', `${pods}/one/status`, { status: { podIP: address } }, merge);
    return {
      [Symbol.asyncDispose]: async () => {
        const ended = once(backend, 'close');
        backend.close();
        backend.closeAllConnections();
        await ended;
      },
    };
  }
  /** A service whose endpoints are these. */
  async function served(name: string, ...addresses: readonly string[]): Promise<void> {
    const spec = { ports: [{ name: 'web', port: 80, targetPort: 8_080 }] };
    await cluster.call('POST', services, { metadata: { name }, spec });
    await cluster.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      ...{ addressType: 'IPv4', ports: [{ name: 'web', port: 8_080 }] },
      endpoints: addresses.map((it) => ({ addresses: [it], conditions: { ready: true } })),
    });
  }
  const through = (name: string) => cluster.call('GET', `${services}/${name}/proxy/x`);

  it('lead to who answers in the VPC, whatever is asked, and know where they are', async () => {
    await using _ = await answering();
    const path = `${pods}/one:8080/proxy`;
    const { status, headers, text } = await cluster.call('PUT', `${path}/a%2Fb?c=d`, { e: 1 });
    expect([status, headers['x-asked'], text]).toEqual([201, 'PUT /a%2Fb?c=d none', '{"e":1}']);
    expect(headers.location).toBe(`${path}/there`);
    for (const method of ['DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'POST'])
      expect((await cluster.call(method, `${path}/x`)).headers['x-asked']).toBe(`${method} /x none`);
    expect((await cluster.call('OPTIONS', `${pods}/one`)).status).toBe(405);
    const told = await cluster.call('GET', `${path}/b/`, undefined, {
      ...{ host: 'localhost:8001', cookie: 'basket=1', 'x-forwarded-for': '203.0.113.7' },
    });
    expect(told.headers['x-told']).toBe(`localhost:8001 ${path}/b/ 203.0.113.7, 127.0.0.1 basket=1`);
    await served('web', address);
    for (const name of ['web:80', 'web:web', 'http:web:web'])
      expect((await through(name)).headers['x-asked']).toBe('GET /x none');
    expect(await upgraded('one:8080/proxy/echo')).toMatch(/^HTTP\/1.1 101 .*hello;TYPED$/s);
  });

  it('have the links of pages lead through them, too', async () => {
    await using _ = await answering();
    const path = `${pods}/one:8080/proxy`;
    expect((await cluster.call('GET', `${path}/page`)).text).toBe(`<a href="${path}/a">é</a>`);
    expect((await cluster.call('HEAD', `${path}/page`)).headers['content-length']).toBe('19');
  });

  it('say why they lead nowhere', async () => {
    await served('empty');
    expect((await through('empty:80')).json.message).toBe('no endpoints available for service "empty"');
    expect((await through('empty:nope')).json.message).toBe(
      'no service port "nope" found for service "empty"',
    );
    await served('away', '172.31.0.78');
    const { json } = await through('away:80');
    expect([json.code, json.message]).toEqual([
      503,
      'error trying to reach service: dial tcp 172.31.0.78:8080: connect: no route to host',
    ]);
  });

  it('lead neither to what the machine or its neighbours are to it, nor by names', async () => {
    const elsewhere = { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'web', port: 80 }] };
    await cluster.call('POST', services, { metadata: { name: 'named' }, spec: elsewhere });
    expect((await through('named:web')).json.message).toBe('address not allowed');
    for (const podIP of ['127.0.0.1', '169.254.169.254', '169.254.170.2', '0.0.0.0', '::1']) {
      await cluster.call('PATCH', `${pods}/one/status`, { status: { podIP } }, merge);
      const { status, json } = await cluster.call('GET', `${pods}/one:80/proxy/`);
      expect([status, json.message], podIP).toEqual([400, 'address not allowed']);
    }
  });
});

it('what is used is asked of metrics.k8s.io, which knows nothing of nodes that tell nothing', async () => {
  const path = '/apis/metrics.k8s.io/v1beta1';
  expect((await cluster.call('GET', path)).json.resources).toMatchObject([
    { name: 'nodes', kind: 'NodeMetrics', namespaced: false, verbs: ['get', 'list'] },
    { name: 'pods', kind: 'PodMetrics', namespaced: true, verbs: ['get', 'list'] },
  ]);
  expect((await cluster.call('GET', `${path}/nodes`)).json).toMatchObject({
    ...{ kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', items: [] },
  });
  const { status, json } = await cluster.call('GET', `${path}/namespaces/default/pods/one`);
  expect([status, json.message]).toEqual([404, 'pods.metrics.k8s.io "default/one" not found']);
});
