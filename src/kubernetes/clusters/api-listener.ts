import { webcrypto } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { openAuthority, pkcs8, signCertificate } from '../../certificates/index.ts';
import { ServerResponse } from '../../http.ts';
import type { Upgrade } from '../apiserver/reach/kubelet-exchange.ts';
import type { KubernetesContext } from '../context.ts';

/** As long as its authority. */
const certificateDays = 10 * 365;
/** As Go's servers: what `kubectl exec` is to run stands in the URL. */
const maxHeaderBytes = 1024 * 1024;
/** Of a connection that nobody uses. */
const keepAliveTimeoutMs = 75_000;
const maxConnections = 5_000;

type Response = InstanceType<typeof ServerResponse>;

export interface ApiListener extends AsyncDisposable {
  readonly port: number;
  /** Serves a connection that came within the cluster's VPC. */
  accept(socket: Socket): void;
}

/** How a request came. */
export interface Arrival {
  /** Not by the port, but within the cluster's VPC. */
  readonly isInVpc: boolean;
  readonly upgrade?: Upgrade;
}

/**
 * A cluster's own port, where it answers with a certificate of its own authority.
 * @param addresses By which clients know it in the VPC.
 * @param mayUpgrade Where a connection may go on in another protocol; elsewhere the wish is passed over.
 * @param port 0, or one that is taken: any free one.
 */
export async function openApiListener(
  { random, clock, host }: KubernetesContext,
  {
    certificate,
    privateKey,
    addresses,
    mayUpgrade,
    port,
  }: {
    readonly certificate: string;
    readonly privateKey: string;
    readonly addresses: readonly string[];
    readonly mayUpgrade: (url: string) => boolean;
    readonly port: number;
  },
  serve: (request: IncomingMessage, response: Response, arrival: Arrival) => unknown,
): Promise<ApiListener> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const ips = ['127.0.0.1', '::1', ...addresses, ...(isWildcard(host) ? [] : [host])];
  const signed = await signCertificate(openAuthority({ certificate, privateKey }), random, clock.now(), {
    ...{ commonName: 'kube-apiserver', days: certificateDays, publicKey: keys.publicKey },
    alternativeNames: [
      ...[...names, 'kubernetes.default.svc.cluster.local'].map((value) => ({ type: 'dns' as const, value })),
      ...[...new Set(ips)].map((value) => ({ type: 'ip' as const, value })),
    ],
  });
  const options: ServerOptions = {
    key: await pkcs8(keys.privateKey),
    cert: signed,
    // Who has a certificate of this cluster's shows it; whether it is one is decided with the request.
    ...{ ca: certificate, requestCert: true, rejectUnauthorized: false },
    ...{ keepAliveTimeout: keepAliveTimeoutMs, maxHeaderSize: maxHeaderBytes },
    shouldUpgradeCallback: ({ url = '' }) => mayUpgrade(url),
  };
  const server = makeServer(options, (request, response, upgrade) =>
    serve(request, response, { isInVpc: false, ...(upgrade && { upgrade }) }),
  );
  // It has no port: most clusters have no pods.
  let within: Server | undefined;
  server.maxConnections = maxConnections;
  await listen(server, host, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || port === 0) throw error;
    return listen(server, host, 0);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    accept: (socket) => {
      within ??= makeServer(options, (request, response, upgrade) =>
        serve(request, response, { isInVpc: true, ...(upgrade && { upgrade }) }),
      );
      within.emit('connection', socket);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      within?.closeAllConnections();
      server.closeAllConnections();
      await closed;
    },
  };
}

function makeServer(
  options: ServerOptions,
  serve: (request: IncomingMessage, response: Response, upgrade?: Upgrade) => unknown,
): Server {
  const server = createServer(options, serve);
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Stays on for good: whoever refuses the connection later still writes to this socket.
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    // Until it is upgraded, what is answered is the last that is said here.
    response.shouldKeepAlive = false;
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.end();
    });
    serve(request, response, { socket, head });
  });
  return server;
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
