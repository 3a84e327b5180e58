import { once } from 'node:events';
import { request } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clusterKey, clusters } from '../services/eks/index.ts';
import { type EksServer, scope, startEks, type TestCluster } from './testing/eks-server.ts';
import { startRemoteApi } from './testing/remote-api-server.ts';
import { TestVpc } from './testing/test-vpc.ts';
import { allow, deny, startWebhook } from './testing/webhook-server.ts';

const vpc = new TestVpc();
let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks({ connectIn: vpc.connectIn });
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const namespace = '/api/v1/namespaces/default';

/** A service whose endpoints are at an address of the VPC. */
async function serve(name: string, address: string): Promise<void> {
  const made = [
    await cluster.call('POST', `${namespace}/services`, {
      metadata: { name },
      spec: { ports: [{ name: 'https', port: 443, targetPort: 8_443 }] },
    }),
    await cluster.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      ...{ addressType: 'IPv4', ports: [{ name: 'https', port: 8_443 }] },
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    }),
  ];
  for (const { status, text } of made) if (status !== 201) throw new Error(text);
}

describe('in the VPC the API server reaches', () => {
  const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const configuration = (name: string, caBundle: string, clientConfig: object) => ({
    metadata: { name },
    webhooks: [
      {
        ...{ name: `${name}.example.com`, admissionReviewVersions: ['v1'], sideEffects: 'None' },
        ...{ clientConfig: { caBundle, ...clientConfig }, timeoutSeconds: 30 },
        objectSelector: { matchLabels: { judged: name } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  });
  const judged = (by: string, name: string) =>
    cluster.call('POST', `${namespace}/configmaps`, { metadata: { name, labels: { judged: by } } });

  it('a webhook behind a Service, by the name that its certificate is for', async () => {
    await using hook = await startWebhook(
      (review, path) =>
        path.startsWith('/judge') && review.request.name === 'good'
          ? allow(review)
          : deny(review, { message: 'no' }),
      ['hook.default.svc'],
    );
    vpc.put('172.31.0.70', hook.port);
    await serve('hook', '172.31.0.70');
    const service = { namespace: 'default', name: 'hook', path: '/judge' };
    await cluster.call('POST', configurations, configuration('hook', hook.caBundle, { service }));
    expect((await judged('hook', 'good')).status).toBe(201);
    const { status, json } = await judged('hook', 'bad');
    expect([status, json.message]).toEqual([
      400,
      'admission webhook "hook.example.com" denied the request: no',
    ]);
    await cluster.call('DELETE', `${configurations}/hook`);
  });

  it('no webhook whose certificate is for another Service, or whose address leads to nobody', async () => {
    await using hook = await startWebhook((review) => allow(review), ['other.default.svc']);
    vpc.put('172.31.0.71', hook.port);
    await serve('strange', '172.31.0.71');
    const service = { namespace: 'default', name: 'strange' };
    await cluster.call('POST', configurations, configuration('strange', hook.caBundle, { service }));
    const { status, json } = await judged('strange', 'any');
    expect([status, json.message]).toEqual([
      500,
      expect.stringMatching(/strange\.default\.svc:443.*x509: the certificate is not for this host/),
    ]);
    expect(hook.reviews).toEqual([]);
    await cluster.call('DELETE', `${configurations}/strange`);

    // What listens on the machine is nobody in the VPC.
    await serve('nobody', '10.99.0.1');
    const away = configuration('nobody', hook.caBundle, {
      service: { namespace: 'default', name: 'nobody' },
    });
    await cluster.call('POST', configurations, away);
    expect((await judged('nobody', 'any')).json.message).toMatch(
      /dial tcp 10\.99\.0\.1:8443: connect: no route to host$/,
    );
    await cluster.call('DELETE', `${configurations}/nobody`);
  });

  it('the host of a URL', async () => {
    await using hook = await startWebhook(
      (review) => deny(review, { message: 'by address' }),
      ['172.31.0.72'],
    );
    vpc.put('172.31.0.72', hook.port);
    const url = 'https://172.31.0.72:8443/';
    await cluster.call('POST', configurations, configuration('url', hook.caBundle, { url }));
    expect((await judged('url', 'any')).json.message).toMatch(/x509: the certificate is not for this host/);
    await cluster.call('DELETE', `${configurations}/url`);
  });

  it('an aggregated API', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const authority = (await cluster.call('GET', path)).json.data['requestheader-client-ca-file'];
    const groupVersion = 'wardle.example.com/v1';
    const list = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [] };
    await using remote = await startRemoteApi(
      ({ url, client }, response) => {
        const told = url === `/apis/${groupVersion}` ? list : { kind: 'Flunder', url, client };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
      },
      ['wardle.default.svc'],
      authority,
    );
    vpc.put('172.31.0.73', remote.port);
    await serve('wardle', '172.31.0.73');
    await cluster.call('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: 'v1.wardle.example.com' },
      spec: {
        ...{ group: 'wardle.example.com', version: 'v1', groupPriorityMinimum: 9, versionPriority: 9 },
        ...{ service: { namespace: 'default', name: 'wardle' }, caBundle: remote.caBundle },
      },
    });
    const asked = `/apis/${groupVersion}/namespaces/default/flunders/a`;
    await vi.waitFor(async () =>
      expect((await cluster.call('GET', asked)).json).toEqual({
        ...{ kind: 'Flunder', url: asked, client: 'front-proxy-client' },
      }),
    );
  });
});

describe('in the VPC the API server is reached', () => {
  /** Where connections come in as they do at the interfaces. */
  async function entrance() {
    const entering = createServer((socket) => server.accept('harbor', socket)).listen(0, '127.0.0.1');
    await once(entering, 'listening');
    const { port } = entering.address() as { port: number };
    return { port, [Symbol.dispose]: () => entering.close() };
  }
  const certificateAt = async (port: number, host: string) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      ca: cluster.certificateAuthority,
      servername: host,
    });
    await once(socket, 'secureConnect');
    const { subjectaltname = '' } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  };
  const versionAt = (port: number): Promise<number | string> =>
    new Promise((resolve) => {
      const options = { host: '127.0.0.1', port, path: '/version', agent: false };
      request(
        { ...options, ca: cluster.certificateAuthority, servername: 'kubernetes.default.svc' },
        (response) => resolve(response.resume().statusCode ?? 0),
      )
        .on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
        .end();
    });

  it('by a certificate for the Service `kubernetes` and its own interfaces', async () => {
    using within = await entrance();
    const told = await certificateAt(within.port, 'kubernetes.default.svc');
    const { networkInterfaces = [] } = server.state.get(clusters, clusterKey(scope, 'harbor')) ?? {};
    expect(networkInterfaces).toHaveLength(2);
    for (const { privateIpv4 } of networkInterfaces) expect(told).toContain(`IP Address:${privateIpv4}`);
    expect(told).toContain('DNS:kubernetes.default.svc.cluster.local');
    expect(told).toContain('IP Address:10.100.0.1');
  });

  it('also by those whom `publicAccessCidrs` keep from its port', async () => {
    using within = await entrance();
    const { port } = new URL(cluster.endpoint);
    expect([await versionAt(Number(port)), await versionAt(within.port)]).toEqual([200, 200]);
    await server.eks.updateClusterConfig({
      ...{ name: 'harbor', resourcesVpcConfig: { publicAccessCidrs: ['203.0.113.0/24'] } },
    });
    await server.reconcilers.idle();
    expect([await versionAt(Number(port)), await versionAt(within.port)]).toEqual(['ECONNRESET', 200]);
    await server.eks.updateClusterConfig({
      ...{ name: 'harbor', resourcesVpcConfig: { publicAccessCidrs: ['0.0.0.0/0'] } },
    });
    await server.reconcilers.idle();
  });

  it('where it runs: a connection for a cluster that is not here is closed', async () => {
    const sockets: Socket[] = [];
    const entering = createServer((socket) => {
      sockets.push(socket);
      server.accept('nowhere', socket);
    }).listen(0, '127.0.0.1');
    await once(entering, 'listening');
    expect(await versionAt((entering.address() as { port: number }).port)).toBe('ECONNRESET');
    entering.close();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });
});
