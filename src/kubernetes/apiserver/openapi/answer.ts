import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster } from '../cluster.ts';
import { jsonType } from '../negotiation.ts';
import { sendText } from '../send.ts';
import { notAcceptable } from '../status.ts';
import { type Document, findDocument, indexOf, wholeDocument } from './documents.ts';

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
  const document =
    path === '/openapi/v3'
      ? indexOf(catalogue, remoteApis)
      : path === '/openapi/v2'
        ? wholeDocument(catalogue)
        : findDocument(catalogue, path);
  if (document === undefined) return false;
  assertJson(request.headers.accept);
  const asked = query.get('hash');
  if (asked !== null && asked !== document.hash) {
    response.writeHead(301, { location: `${path}?hash=${document.hash}` }).end();
    return true;
  }
  await sendDocument(document, asked !== null, request, response);
  return true;
}

/** The other format that upstream has, of Google's gnostic, is not written. @throws {ApiError} 406 */
function assertJson(accept = '*/*'): void {
  const types = accept.split(',').map((clause) => clause.split(';')[0]?.trim());
  if (types.some((type) => type === jsonType || type === '*/*' || type === 'application/*')) return;
  throw notAcceptable([jsonType]);
}

async function sendDocument(
  { text, hash }: Document,
  isHashed: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etag = `"${hash}"`;
  response.setHeader('etag', etag);
  response.setHeader('vary', 'Accept');
  if (isHashed) response.setHeader('cache-control', forever);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  await sendText(request, response, 200, text);
}
