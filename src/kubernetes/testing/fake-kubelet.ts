import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { newSigningRequest } from '../../certificates/index.ts';
import type { TestCluster } from './eks-server.ts';

/** What a test wants of a kubelet's server. */
export interface FakeKubeletParts {
  answer?(request: IncomingMessage, response: ServerResponse): void;
  upgrade?(request: IncomingMessage, socket: Duplex): void;
  /** Default: the node's. Whose certificate it shows. */
  readonly certifiedFor?: string;
}

export interface FakeKubelet extends AsyncDisposable {
  /** Who has asked it, by the common names of their certificates; undefined: it was not the cluster's. */
  readonly clients: (string | undefined)[];
  readonly port: number;
}

/** A node with a server as its kubelet's, whose certificate the cluster has signed for it by itself. */
export async function startFakeKubelet(
  cluster: TestCluster,
  name: string,
  { answer, upgrade, certifiedFor = name }: FakeKubeletParts,
): Promise<FakeKubelet> {
  const { certificate, privateKey } = await servingCertificate(cluster, certifiedFor);
  const clients: (string | undefined)[] = [];
  const server = createServer(
    {
      ...{ cert: certificate, key: privateKey, ca: cluster.certificateAuthority },
      ...{ requestCert: true, rejectUnauthorized: false },
    },
    (request, response) => {
      noteClient(request);
      if (answer) answer(request, response);
      else response.writeHead(404).end();
    },
  );
  const noteClient = ({ socket }: IncomingMessage): void => {
    const isKnown = socket instanceof TLSSocket && socket.authorized;
    clients.push(isKnown ? String(socket.getPeerCertificate().subject.CN) : undefined);
  };
  server.on('upgrade', (request, socket) => {
    noteClient(request);
    upgrade?.(request, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const status = {
    addresses: [{ type: 'ExternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await made(cluster.call('POST', '/api/v1/nodes', { metadata: { name }, status }));
  return {
    ...{ clients, port },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function servingCertificate(cluster: TestCluster, node: string) {
  const { request, privateKey } = await newSigningRequest({
    ...{ commonName: `system:node:${node}`, organizations: ['system:nodes'], dnsNames: [node] },
  });
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  await cluster.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'nodes-of-tests' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
  });
  const headers = { 'impersonate-user': `system:node:${node}`, 'impersonate-group': 'system:nodes' };
  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  };
  await made(cluster.call('POST', path, { metadata: { name: `serving-${node}` }, spec }, headers));
  const watch = `${path}?watch=true&fieldSelector=metadata.name=serving-${node}&timeoutSeconds=1`;
  for (let tries = 0; tries < 60; tries += 1) {
    const { status } = (await cluster.call('GET', `${path}/serving-${node}`)).json;
    if (status.certificate !== undefined)
      return { certificate: Buffer.from(status.certificate, 'base64').toString(), privateKey };
    await cluster.call('GET', watch);
  }
  throw new Error(`No certificate was issued to ${node}`);
}

async function made(call: ReturnType<TestCluster['call']>): Promise<void> {
  const { status, text } = await call;
  if (status !== 201) throw new Error(`Not made: ${text}`);
}
