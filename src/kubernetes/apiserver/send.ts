import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import { texts } from '../objects/json-text.ts';
import { type JsonObject, textOf } from '../objects/object.ts';
import { encodeObject } from '../schema/encode-message.ts';
import { messageOfKind } from '../schema/messages.ts';
import {
  type Accepted,
  type Form,
  jsonType,
  type MediaType,
  messagelessTypes,
  negotiate,
  protobufType,
  wantsPretty,
  writtenTypes,
  yamlType,
} from './negotiation.ts';
import { ApiError } from './status.ts';
import { writeYaml } from './yaml.ts';

/** Sends an answer in the format that the client would rather have; one that has no format for it gets JSON. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  body: Json,
): Promise<void> {
  auditOf(request)?.isAnswered(body);
  const { type, isPretty } = formatOf(request, body as JsonObject);
  await sendText(request, response, code, await written(body, type, isPretty === true), type);
}

/** What was negotiated for the answer, which its kind tells: in none of its forms, or in that one. */
function formatOf(request: IncomingMessage, body: JsonObject): Accepted {
  const { accept, 'user-agent': userAgent } = request.headers;
  const types = messageOfKind(textOf(body, 'apiVersion'), textOf(body, 'kind'))
    ? writtenTypes
    : messagelessTypes;
  const query = queryOf(request.url ?? '');
  const pretty = wantsPretty(query, userAgent) ? ({ isPretty: true } as const) : {};
  try {
    return { ...negotiate(accept, [body.kind as Form], types), ...pretty };
  } catch (error) {
    // Also the error that says that there is no such format.
    if (error instanceof ApiError) return { type: jsonType, ...pretty };
    throw error;
  }
}

const nothingAsked = new URLSearchParams();

function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf('?');
  return mark === -1 ? nothingAsked : new URLSearchParams(url.slice(mark + 1));
}

function written(body: Json, type: MediaType, isPretty: boolean): Buffer | Promise<string> | string {
  switch (type) {
    case protobufType:
      return encodeAnswer(body);
    case yamlType:
      return writeYaml(body);
    case jsonType:
      return isPretty ? `${JSON.stringify(body, undefined, 2)}\n` : texts.of(body);
  }
}

/** An object that says what it is, in protobuf. */
export function encodeAnswer(body: Json): Buffer {
  const [apiVersion, kind] = [textOf(body as JsonObject, 'apiVersion'), textOf(body as JsonObject, 'kind')];
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) throw new Error(`${kind} of ${apiVersion} has no message`);
  return encodeObject(message, apiVersion, kind, body);
}

const compress = promisify(gzip);
/** As upstream: what is less is not worth it. */
const leastCompressedBytes = 128 * 1024;

export async function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  text: Buffer | string,
  type: string = jsonType,
): Promise<void> {
  if (text.length < leastCompressedBytes) return sendWhole(request, response, code, text, type);
  let bytes = typeof text === 'string' ? Buffer.from(text) : text;
  if (request.headers['accept-encoding']?.includes('gzip')) {
    bytes = await compress(bytes, { level: 1 });
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('vary', 'Accept-Encoding');
  }
  sendWhole(request, response, code, bytes, type);
}

/** A text goes out in one piece with its head; bytes would be a second one. */
function sendWhole(
  { method }: IncomingMessage,
  response: ServerResponse,
  code: number,
  body: Buffer | string,
  type: string,
): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(method === 'HEAD' ? undefined : body);
}
