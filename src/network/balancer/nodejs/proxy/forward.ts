import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import {
  answeredHeaders,
  connectSeconds,
  type HeaderFields,
  headerFields,
  mostHeaderBytes,
} from '../../../../balancing/index.ts';
import type { Clock } from '../../../../clock/index.ts';
import { request as requestOf } from '../../../../http.ts';
import { answerPage, writeHead } from './answers.ts';
import { type Exchange, hasBody } from './exchange.ts';
import { joinSockets } from './join-sockets.ts';
import type { Target } from './target.ts';

export interface Forwarding {
  readonly exchange: Exchange;
  readonly target: Target;
  /** Path and query, and header fields: what the target gets. */
  readonly url: string;
  readonly fields: HeaderFields;
  /** What the client gets beside the target's answer. */
  readonly added: (answered: HeaderFields) => HeaderFields;
  /** In seconds. */
  readonly idleTimeout: number;
  /** The load balancer itself answered, with this status. */
  readonly answered: (status: number) => void;
  readonly clock: Clock;
}

/** Methods that may be sent again on another connection when nobody knows what became of them. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Takes a request to a target, and its answer back. */
export function forward(forwarding: Forwarding): void {
  const { exchange, target } = forwarding;
  const { response, upgrade } = exchange;
  let sent: ClientRequest | undefined;
  const over = target.begin(() => (upgrade?.socket ?? response).destroy());
  // It is over when the client's part is, whoever ended it.
  (upgrade?.socket ?? response).once('close', () => {
    over();
    sent?.destroy();
  });
  sent = send(forwarding, canBeRepeated(exchange), (again) => {
    sent = again;
  });
}

/** Such a request takes a connection that is there already; if the target has just closed that one, it goes again. */
function canBeRepeated({ request, upgrade }: Exchange): boolean {
  return upgrade === undefined && repeatable.has(request.method ?? '') && !hasBody(request);
}

function send(
  forwarding: Forwarding,
  mayReuse: boolean,
  sentAgain: (sent: ClientRequest) => void,
): ClientRequest {
  const { exchange, target, url, fields, idleTimeout, answered, clock } = forwarding;
  const { request, response, upgrade } = exchange;
  const servername = nameOf(fields);
  const sent = requestOf({
    ...{ method: request.method, path: url, setHost: false },
    headers: [...fields, ...framing(exchange)].flat(),
    maxHeaderSize: mostHeaderBytes,
    timeout: idleTimeout * 1_000,
    ...(servername === undefined ? {} : { servername }),
    ...(mayReuse ? { agent: target.agent } : { createConnection: () => target.stream(servername) }),
  });
  sent.maxHeadersCount = 0;
  let hasAnswer = false;
  const refuse = (status: number): void => {
    sent.destroy();
    if (hasAnswer || response.headersSent) return void response.destroy();
    hasAnswer = true;
    answered(status);
    answerPage(response, status);
    finishReading(exchange);
  };
  const waiting = new DisposableStack();
  sent.on('socket', (socket) => {
    if (!socket.connecting) return;
    waiting.use(clock.after(connectSeconds * 1_000, () => refuse(504)));
    socket.once('connect', () => waiting.dispose());
  });
  sent.on('timeout', () => refuse(isRead(exchange) ? 504 : 408));
  sent.on('error', () => {
    waiting.dispose();
    if (hasAnswer) return;
    if (sent.reusedSocket && mayReuse && !response.destroyed) {
      hasAnswer = true;
      sentAgain(send(forwarding, false, sentAgain));
    } else refuse(502);
  });
  sent.on('response', (answer) => {
    try {
      passOn(answer, forwarding);
      hasAnswer = true;
    } catch {
      // A status or reason that Node does not send, or for HTTP/2 several of what there may be one of.
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      refuse(502);
    }
  });
  sent.on('upgrade', (answer, socket, head) => {
    hasAnswer = true;
    if (upgrade === undefined) {
      socket.destroy();
      refuse(502);
      return;
    }
    target.meter.count('target2xx');
    becomeOne(answer, { socket, head }, upgrade, idleTimeout);
  });
  request.pipe(sent);
  return sent;
}

/** What says where the body ends, and what the connection is to become. */
function framing({ request, upgrade }: Exchange): HeaderFields {
  if (upgrade !== undefined) {
    return [
      ['Connection', 'Upgrade'],
      ['Upgrade', upgrade.protocol],
    ];
  }
  return hasBody(request) && request.headers['content-length'] === undefined
    ? [['Transfer-Encoding', 'chunked']]
    : [];
}

function passOn(answer: IncomingMessage, { exchange, target, added }: Forwarding): void {
  const { response } = exchange;
  const { statusCode = 502, statusMessage = '' } = answer;
  const fields = answeredHeaders(headerFields(answer.rawHeaders));
  if ('sendDate' in response) response.sendDate = false;
  writeHead(response, statusCode, statusMessage, [...fields, ...added(fields)]);
  const kind = `target${Math.floor(statusCode / 100)}xx`;
  if (isCounted(kind)) target.meter.count(kind);
  answer.pipe(response);
  // Whoever reads must not take half of an answer for all of it.
  answer.once('aborted', () => response.destroy());
  answer.once('error', () => response.destroy());
  answer.once('end', () => finishReading(exchange));
}

function isCounted(kind: string): kind is 'target2xx' | 'target3xx' | 'target4xx' | 'target5xx' {
  return /^target[2-5]xx$/.test(kind);
}

/** The client's connection and the target's are one from now on. */
function becomeOne(
  answer: IncomingMessage,
  server: { readonly socket: Socket; readonly head: Buffer },
  client: NonNullable<Exchange['upgrade']>,
  idleTimeout: number,
): void {
  const lines = headerFields(answer.rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  client.socket.write(`HTTP/1.1 101 ${answer.statusMessage}\r\n${lines.join('')}\r\n`, 'latin1');
  if (server.head.length > 0) client.socket.write(server.head);
  if (client.head.length > 0) server.socket.write(client.head);
  joinSockets(client.socket, server.socket, idleTimeout);
}

/** What the target did not want to read is read by nobody; the connection must not wait for it. */
function finishReading({ request, response }: Exchange): void {
  if (isRead({ request })) return;
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false;
  request.unpipe();
  request.resume();
}

function isRead({ request }: Pick<Exchange, 'request'>): boolean {
  return request.complete;
}

/** What a secured connection to a target asks for. */
function nameOf(fields: HeaderFields): string | undefined {
  const host = fields.find(([name]) => name.toLowerCase() === 'host')?.[1].replace(/:\d*$/, '');
  return host === undefined || host === '' || isIP(host) !== 0 ? undefined : host;
}
