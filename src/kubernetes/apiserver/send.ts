import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import { texts } from '../objects/json-text.ts';
import { type JsonObject, listOf, textOf } from '../objects/object.ts';
import { piecesOf, roomInTurns } from '../objects/pieces.ts';
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
  if (type === jsonType && isPretty !== true && isLong(body))
    return sendPieces(request, response, code, texts.partsOf(body));
  await sendText(request, response, code, await written(body, type, isPretty === true), type);
}

/** A list of so many is worth not to be had as one text. */
const leastLong = 64;
const isLong = (body: Json): boolean => listOf(body as JsonObject, 'items').length >= leastLong;

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
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  sendWhole(request, response, code, await compressed(request, response, bytes), type);
}

/** As the client would rather have it. */
async function compressed(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
): Promise<Buffer> {
  if (!acceptsGzip(request)) return bytes;
  response.setHeader('content-encoding', 'gzip');
  response.setHeader('vary', 'Accept-Encoding');
  return compress(bytes, { level: 1 });
}

const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  headers['accept-encoding']?.includes('gzip') === true;

async function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  parts: Iterable<string>,
): Promise<void> {
  if (request.method === 'HEAD') response.writeHead(code, { 'content-type': jsonType }).end();
  else if (acceptsGzip(request)) {
    const bytes = Buffer.concat([...piecesOf(parts)]);
    const isSmall = bytes.length < leastCompressedBytes;
    sendWhole(
      request,
      response,
      code,
      isSmall ? bytes : await compressed(request, response, bytes),
      jsonType,
    );
  } else {
    response.writeHead(code, { 'content-type': jsonType }).flushHeaders();
    // It is answered: that the client still reads holds nobody else up.
    void writePieces(response, parts);
  }
}

/**
 * Ends with the last of them, or when the client goes. What it does not take is not made. The chunks are made here: by Node
 * each would be three writes, which TLS puts together in room of its own before it encrypts them.
 */
async function writePieces(response: ServerResponse, parts: Iterable<string>): Promise<void> {
  const isChunked = response.chunkedEncoding;
  response.chunkedEncoding = false;
  let taken: Promise<void> | undefined;
  for (const piece of piecesOf(parts, { isChunked, room: roomInTurns() })) {
    await taken;
    if (response.destroyed) return;
    taken = takenOrClosed(response, piece);
  }
  response.end();
}

/** Resolves when nobody needs the piece's room any more. */
function takenOrClosed(response: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('close', go);
      resolve();
    };
    response.on('close', go);
    response.write(piece, go);
  });
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
