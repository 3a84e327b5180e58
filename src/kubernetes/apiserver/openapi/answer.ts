import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster } from '../cluster.ts';
import { jsonType } from '../negotiation.ts';
import { sendText } from '../send.ts';
import { notAcceptable } from '../status.ts';
import { readDocumentation } from './documentation.ts';
import { type Document, findDocument, indexOf, wholeDocument } from './documents.ts';
import { encodeGnostic, gnosticAlias, gnosticType } from './gnostic.ts';

/** What a document says under its hash never changes. */
const forever = 'public, immutable';

/** @returns whether it is a path of OpenAPI. @throws {ApiError} 406 */
export async function answerOpenApi(
  { catalogue, remoteApis }: Pick<Cluster, 'catalogue' | 'remoteApis'>,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (!path.startsWith('/openapi/')) return false;
  const documentation = await readDocumentation();
  const document =
    path === '/openapi/v3'
      ? indexOf(catalogue, remoteApis, documentation)
      : path === '/openapi/v2'
        ? wholeDocument(catalogue, documentation)
        : findDocument(catalogue, path, documentation);
  if (document === undefined) return false;
  const type = typeOf(request.headers.accept, path === '/openapi/v2' ? [jsonType, gnosticType] : [jsonType]);
  const asked = query.get('hash');
  if (asked !== null && asked !== document.hash) {
    response.writeHead(301, { location: `${path}?hash=${document.hash}` }).end();
    return true;
  }
  await sendDocument(document, { type, isHashed: asked !== null }, request, response);
  return true;
}

/** The first that is asked for and can be had. @throws {ApiError} 406 */
function typeOf(accept = '*/*', types: readonly string[]): string {
  for (const clause of accept.split(',')) {
    const wanted = clause.split(';')[0]?.trim() ?? '';
    if (wanted === '*/*' || wanted === 'application/*') return jsonType;
    const type = wanted === gnosticAlias ? gnosticType : wanted;
    if (types.includes(type)) return type;
  }
  throw notAcceptable(types);
}

/** A megabyte of JSON is read for it. */
const encoded = new WeakMap<Document, Buffer>();

function inProtobuf(document: Document): Buffer {
  const known = encoded.get(document);
  if (known !== undefined) return known;
  const made = encodeGnostic(JSON.parse(document.text));
  encoded.set(document, made);
  return made;
}

async function sendDocument(
  document: Document,
  { type, isHashed }: { readonly type: string; readonly isHashed: boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isJson = type === jsonType;
  const etag = isJson ? `"${document.hash}"` : `"${document.hash}-protobuf"`;
  response.setHeader('etag', etag);
  response.setHeader('vary', 'Accept');
  if (isHashed) response.setHeader('cache-control', forever);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  await sendText(request, response, 200, isJson ? document.text : inProtobuf(document), type);
}
