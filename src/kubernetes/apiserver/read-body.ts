import type { IncomingMessage } from 'node:http';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import { readCustomObject } from '../custom-resources/read-custom.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { messageNamed, messageOfKind } from '../schema/messages.ts';
import { decodeMessage, openEnvelope } from '../schema/protobuf.ts';
import { MistypedError, readMessage } from '../schema/read-object.ts';
import { ProtobufError } from '../schema/wire.ts';
import { jsonType, protobufType, readContentType, yamlType } from './negotiation.ts';
import { badRequest, tooLarge } from './status.ts';
import { parseYaml } from './yaml.ts';

const maxBodyBytes = 3 * 1024 * 1024;

/** Rejects where the client breaks off. @throws {ApiError} 413 */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const bytes = await wholeOf(request);
  auditOf(request)?.sends(bytes);
  return bytes;
}

/** By events: with each request an iterator over it would be made, and its end awaited in several turns. */
function wholeOf(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  const brokeOff = (): void => {
    if (!isWhole) reject(new Error('The client broke off within the body'));
  };
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxBodyBytes) {
      chunks.push(chunk);
      return;
    }
    request.pause();
    reject(tooLarge(`limit is ${maxBodyBytes}`));
  });
  request.once('end', () => {
    isWhole = true;
    resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  });
  request.once('error', reject);
  request.once('close', brokeOff);
  if (request.destroyed) brokeOff();
  return promise;
}

/** What a body says, in JSON, YAML or Kubernetes' protobuf. @throws {ApiError} 400, 413, 415 */
export async function parseBody(bytes: Buffer, contentType: string | undefined): Promise<JsonObject> {
  switch (readContentType(contentType)) {
    case jsonType:
      return parseJson(bytes);
    case yamlType:
      return objectIn(await parseYaml(bytes));
    case protobufType:
      return parseProtobuf(bytes);
  }
}

export function parseJson(bytes: Buffer): JsonObject {
  let parsed: Json;
  try {
    parsed = JSON.parse(bytes.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : error}`,
    );
  }
  return objectIn(parsed);
}

function objectIn(parsed: Json): JsonObject {
  assertShallow(parsed);
  if (isJsonObject(parsed)) return parsed;
  throw badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into an object");
}

/** Deeper than any object, and no deeper than the store keeps. */
const maxDepth = 200;

/** Whoever walks through an object may do so from within itself. @throws {ApiError} 400 */
function assertShallow(value: Json, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > maxDepth) throw badRequest('json: exceeded max depth');
  // Of a list a walk over the names would write each place as a text.
  if (Array.isArray(value)) for (const item of value as readonly Json[]) assertShallow(item, depth + 1);
  else for (const member of Object.values(value)) assertShallow(member, depth + 1);
}

function parseProtobuf(bytes: Buffer): JsonObject {
  try {
    const { apiVersion, kind, raw } = openEnvelope(bytes);
    const message = messageOfKind(apiVersion, kind);
    if (message === undefined)
      throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { apiVersion, kind, ...decodeMessage(message, raw) };
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(`unable to decode protobuf: ${error.message}`);
    throw error;
  }
}

/** How fields are taken that the kind does not have. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn';

/**
 * What a patch or somebody's webhook made of an object, as its kind has it: it may be what nobody could have sent.
 * @throws {ApiError} 400
 */
export function readMade(
  kind: TypedKind,
  body: JsonObject,
  validation: FieldValidation,
  warnings: string[],
): JsonObject {
  assertShallow(body);
  return readTyped(kind, body, validation, warnings);
}

type TypedKind = Pick<Resource, 'kind' | 'message' | 'version' | 'group' | 'custom'>;

/**
 * An object as its kind has it, of what was read.
 * @param warnings Gathers what the caller is to be warned of.
 * @throws {ApiError} 400
 */
export function readTyped(
  resource: TypedKind,
  body: JsonObject,
  validation: FieldValidation,
  warnings: string[],
): JsonObject {
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  const given = { apiVersion: body.apiVersion ?? apiVersion, kind: body.kind ?? kind };
  if (given.apiVersion !== apiVersion || given.kind !== kind) {
    throw badRequest(
      given.kind === kind
        ? `the API version in the data (${given.apiVersion}, Kind=${given.kind}) does not match the expected API version (${apiVersion}, Kind=${kind})`
        : `the object provided is unrecognized (must be of type ${kind}): no kind "${given.kind}" is meant here`,
    );
  }
  const unknown: string[] = [];
  const typed = typedOf(
    resource,
    { ...body, ...given },
    unknown,
    `${kind} in version "${resource.version}"`,
    kind,
  );
  const told = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (validation === 'Strict' && told.length > 0) {
    throw badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${kind}: strict decoding error: ${told.join(', ')}`,
    );
  }
  if (validation === 'Warn') warnings.push(...told);
  return typed;
}

function typedOf(
  { message, custom }: Pick<Resource, 'message' | 'custom'>,
  body: JsonObject,
  unknown: string[],
  subject: string,
  kind: string,
): JsonObject {
  try {
    return custom === undefined
      ? (readMessage(messageNamed(message), body, unknown) as JsonObject)
      : readCustomObject(custom, body, unknown);
  } catch (error) {
    if (error instanceof MistypedError)
      throw badRequest(`${subject} cannot be handled as a ${kind}: ${error.message}`);
    throw error;
  }
}
