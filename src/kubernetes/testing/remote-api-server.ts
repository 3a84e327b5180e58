import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { testIdentity } from './test-identity.ts';

/** A request as a remote API server got it. */
export interface RemoteCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Of the certificate that was shown; undefined: none that `clientAuthority` has signed. */
  readonly client: string | undefined;
}

export interface RemoteApiServer extends AsyncDisposable {
  readonly port: number;
  /** As an APIService carries it. */
  readonly caBundle: string;
  readonly calls: readonly RemoteCall[];
}

/**
 * The server of an aggregated API.
 * @param clientAuthority PEM: who signs the certificates of those whom it believes.
 */
export async function startRemoteApi(
  answer: (call: RemoteCall, response: ServerResponse) => void,
  names: readonly string[],
  clientAuthority: string,
): Promise<RemoteApiServer> {
  const { caBundle, ...identity } = await testIdentity(names);
  const calls: RemoteCall[] = [];
  const server = createServer(
    { ...identity, ca: clientAuthority, requestCert: true, rejectUnauthorized: false },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const socket = request.socket as TLSSocket;
      const { method = '', url = '', headers } = request;
      const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
      const call = { method, url, headers, client, body: Buffer.concat(chunks).toString() };
      calls.push(call);
      answer(call, response);
    },
  );
  // Whoever asks for another protocol gets one in which everything is said back louder.
  server.on('upgrade', ({ url = '', headers, method = '' }, socket) => {
    calls.push({ method, url, headers, client: undefined, body: '' });
    socket.on('error', () => socket.destroy());
    if (headers.upgrade !== 'echo') {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nnone');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello;');
    socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ port: (server.address() as AddressInfo).port, caBundle, calls },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
