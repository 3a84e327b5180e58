import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import {
  errorPage,
  errorTitle,
  type HeaderFields,
  type ListenerPlan,
  reasonOf,
} from '../../../../balancing/index.ts';
import { ServerResponse as Http1Response } from '../../../../http.ts';

/** Of HTTP/1.1 and of HTTP/2. */
export type ClientRequestMessage = IncomingMessage | Http2ServerRequest;
export type ClientResponse = ServerResponse | Http2ServerResponse;

/** What answers of a listener have in place of their own headers, by the answers that are under way. */
const replaced = new WeakMap<ClientResponse, NonNullable<ListenerPlan['answerHeaders']>>();

/** From its beginning on an answer has these headers, whoever begins it. */
export function replaceHeaders(response: ClientResponse, { answerHeaders }: ListenerPlan): void {
  if (answerHeaders !== undefined) replaced.set(response, answerHeaders);
}

/** Begins an answer. */
export function writeHead(response: ClientResponse, status: number, reason: string, own: HeaderFields): void {
  const answerHeaders = replaced.get(response) ?? [];
  const names = new Set(answerHeaders.map(({ name }) => name.toLowerCase()));
  const fields: HeaderFields = [
    ...own.filter(([name]) => !names.has(name.toLowerCase())),
    ...answerHeaders.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  ];
  if (response instanceof Http1Response) {
    response.writeHead(status, reason, fields.flat());
    return;
  }
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const known = name.toLowerCase();
    values.set(known, [...(values.get(known) ?? []), value]);
  }
  for (const [name, all] of values) response.setHeader(name, all.length === 1 ? (all[0] ?? '') : all);
  response.writeHead(status);
}

/** Answers in the load balancer's own name. */
export function answer(
  response: ClientResponse,
  status: number,
  body: string,
  fields: HeaderFields = [],
): void {
  const length: HeaderFields = status === 204 ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  writeHead(response, status, reasonOf(status), [['Server', 'awselb/2.0'], ...length, ...fields]);
  response.end(body);
}

/** The page that says what is wrong, or where to go. */
export function answerPage(response: ClientResponse, status: number, fields: HeaderFields = []): void {
  answer(response, status, errorPage(errorTitle(status)), [['Content-Type', 'text/html'], ...fields]);
}

/** The same for a client whose request was not understood, as the bytes of an HTTP/1.1 answer. */
export function pageBytes(status: number): string {
  const page = errorPage(errorTitle(status));
  const lines = [
    `HTTP/1.1 ${errorTitle(status)}`,
    'Server: awselb/2.0',
    'Content-Type: text/html',
    `Content-Length: ${Buffer.byteLength(page)}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${page}`;
}
