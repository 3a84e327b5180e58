import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { mostHeaderBytes } from '../../../../balancing/index.ts';
import { createServer, ServerResponse } from '../../../../http.ts';
import { answerPage, pageBytes, replaceHeaders } from './answers.ts';
import type { Exchange } from './exchange.ts';
import type { ListenerParts, ListenerSetting, ListeningServer } from './listener.ts';
import { serveRequest } from './serve-request.ts';

/** How often connections are looked at whose request is not there in time. */
const lookEveryMs = 1_000;

/** A listener of HTTP or HTTPS; secured ones speak HTTP/2 as well where the load balancer does. */
export function openHttpListener(first: ListenerSetting, parts: ListenerParts): ListeningServer {
  let setting = first;
  let isFinishing = false;
  const sessions = new Set<ServerHttp2Session>();
  const serve = (exchange: Exchange): void => {
    replaceHeaders(exchange.response, setting.plan);
    if (isFinishing && 'shouldKeepAlive' in exchange.response) exchange.response.shouldKeepAlive = false;
    try {
      serveRequest(exchange, setting, parts);
    } catch {
      // One request that can't be carried is no reason for all others to end.
      parts.answered(502);
      if (exchange.response.headersSent) exchange.response.destroy();
      else answerPage(exchange.response, 502);
    }
  };
  const server = createServerFor(first, () => setting);
  const limit = ({ attributes }: ListenerSetting): void => {
    if (!('keepAliveTimeout' in server)) return;
    const { idleTimeout, clientKeepAlive } = attributes;
    server.headersTimeout = idleTimeout * 1_000;
    server.keepAliveTimeout = Math.min(idleTimeout, clientKeepAlive) * 1_000;
    server.maxHeadersCount = 0;
  };
  limit(first);
  server.on('connection', (socket: Socket) => parts.connections.add(socket));
  server.on('request', (request, response) => serve({ request, response }));
  server.on('upgrade', (request: IncomingMessage, _: Duplex, head: Buffer) => {
    const { socket } = request;
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.once('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    serve({ request, response, upgrade: { protocol: request.headers.upgrade ?? '', socket, head } });
  });
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket: Duplex) => {
    if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    parts.answered(status);
    socket.end(pageBytes(status));
  });
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.setTimeout(setting.attributes.idleTimeout * 1_000, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  return {
    server,
    follow: (next) => {
      setting = next;
      limit(next);
      if (next.certificates !== undefined && 'setSecureContext' in server) {
        server.setSecureContext(next.certificates.options);
      }
    },
    finish: () => {
      isFinishing = true;
      server.close();
      for (const session of sessions) session.close();
    },
  };
}

function createServerFor(
  { plan, attributes, certificates }: ListenerSetting,
  setting: () => ListenerSetting,
): Server | Http2SecureServer {
  const options: ServerOptions = {
    maxHeaderSize: mostHeaderBytes,
    // Bodies take as long as something of them comes.
    requestTimeout: 0,
    connectionsCheckingInterval: lookEveryMs,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  if (plan.protocol === 'HTTP' || certificates === undefined) return createServer(options);
  const secured = {
    ...options,
    ...certificates.options,
    SNICallback: (name: string, done: (error: Error | null, context?: unknown) => void) =>
      done(null, setting().certificates?.contextFor(name)),
  };
  return attributes.http2
    ? createSecureServer({ ...secured, allowHTTP1: true } as never)
    : createHttpsServer(secured as never);
}
