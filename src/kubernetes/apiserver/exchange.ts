import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import type { User } from '../authentication/user.ts';
import type { JsonObject } from '../objects/object.ts';
import { kindOfSubresource } from '../schema/subresources.ts';
import type { Requester } from './admission/attributes.ts';
import type { Cluster } from './cluster.ts';
import { type DeleteOptions, readDeleteOptions, readWriteOptions, type WriteOptions } from './options.ts';
import type { Upgrade } from './reach/kubelet-exchange.ts';
import { parseBody, parseObject, readBytes, readTyped } from './read-body.ts';
import type { ResourceRequest, Verb } from './request-info.ts';
import { noneRepeated } from './strict-decoding.ts';

/** What is answered, unless the answer was streamed. */
export interface Answer {
  readonly code: number;
  readonly body: Json;
  readonly warnings?: readonly string[];
}

/** One request on a resource, known to be allowed. */
export interface ResourceExchange {
  readonly cluster: Cluster;
  readonly user: User;
  readonly verb: Verb;
  readonly asked: ResourceRequest;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined: the connection goes on in HTTP. */
  readonly upgrade: Upgrade | undefined;
}

/** The body of what is written, of the kind that is written there. @throws {ApiError} 400, 413, 415, 422 */
export async function readWrite(
  { asked, request, query }: ResourceExchange,
  optionsKind: string,
): Promise<{ readonly body: JsonObject; readonly options: WriteOptions; readonly warnings: string[] }> {
  const options = readWriteOptions(query, optionsKind, request.headers['user-agent']);
  const warnings: string[] = [];
  const kind = kindOfSubresource(asked.subresource) ?? asked.resource;
  const bytes = await readBytes(request);
  const repeated = noneRepeated();
  const parsed = await parseObject(bytes, request.headers['content-type'], kind.kind, repeated);
  return { body: readTyped(kind, parsed, options.fieldValidation, warnings, repeated), options, warnings };
}

export const requester = (
  { user, request }: Pick<ResourceExchange, 'request' | 'user'>,
  warnings: string[],
): Requester => ({
  user,
  warn: (text) => {
    if (!warnings.includes(text)) warnings.push(text);
  },
  annotate: (key, value) => auditOf(request)?.annotate(key, value),
});

/** The object that a request is about. */
export const targetOf = ({ resource, subresource, namespace, name = '' }: ResourceRequest) => ({
  ...{ resource, subresource, namespace, name },
});

/** @throws {ApiError} 400, 413, 415, 422 */
export async function readDelete({ request, query }: ResourceExchange): Promise<DeleteOptions> {
  const bytes = await readBytes(request);
  return readDeleteOptions(
    query,
    bytes.length === 0 ? {} : await parseBody(bytes, request.headers['content-type']),
  );
}
