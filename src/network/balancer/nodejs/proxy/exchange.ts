import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ForwardedRequest, HeaderFields, RoutedRequest } from '../../../../balancing/index.ts';
import type { ClientRequestMessage, ClientResponse } from './answers.ts';

/** A request and what becomes of it. */
export interface Exchange {
  readonly request: ClientRequestMessage;
  readonly response: ClientResponse;
  /** Of one that wants to become something else: what it wants, and the connection. */
  readonly upgrade?: { readonly protocol: string; readonly socket: Socket; readonly head: Buffer };
}

/** What a client sent, as it sent it. HTTP/2's names of its own stand for a request line and a Host field. */
export function fieldsOf(request: ClientRequestMessage): HeaderFields {
  const { rawHeaders } = request;
  const cookies: string[] = [];
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (name === ':authority') fields.push(['Host', value]);
    // HTTP/2 takes them apart, HTTP/1.1 has them in one field (RFC 9113, 8.2.3).
    else if (name === 'cookie' && 'stream' in request) cookies.push(value);
    else if (!name.startsWith(':')) fields.push([name, value]);
  }
  if (cookies.length > 0) fields.push(['Cookie', cookies.join('; ')]);
  return fields;
}

export function routedRequestOf(request: ClientRequestMessage, headers: HeaderFields): RoutedRequest {
  const url = targetOf(request);
  const at = url.indexOf('?');
  return {
    method: request.method ?? '',
    host: headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '',
    path: at === -1 ? url : url.slice(0, at),
    ...(at === -1 ? {} : { query: url.slice(at + 1) }),
    headers,
    sourceAddress: request.socket.remoteAddress ?? '',
  };
}

/** Path and query, also where the client wrote the whole URL. */
export function targetOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const place = url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  return place.startsWith('?') || place === '' ? `/${place}` : place;
}

/** Whether a request has a body, which is there only once. */
export function hasBody(request: ClientRequestMessage): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || length !== '0';
}

export function clientOf({ socket }: ClientRequestMessage): Pick<ForwardedRequest, 'client' | 'tls'> {
  const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
  if (!(socket instanceof TLSSocket)) return { client };
  const { standardName } = socket.getCipher();
  return { client, tls: { version: socket.getProtocol() ?? '', cipherSuite: standardName } };
}
