import type { IncomingMessage } from 'node:http';
import type { Json } from '../../store/index.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { findMessage, messageNamed, metaPackage } from '../schema/messages.ts';
import { decodeMessage, openEnvelope, ProtobufError } from '../schema/protobuf.ts';
import { MistypedError, readMessage } from '../schema/read-object.ts';
import { bodyTypes } from './negotiation.ts';
import { badRequest, tooLarge, unsupportedMediaType } from './status.ts';

const maxBodyBytes = 3 * 1024 * 1024;

/** @throws {ApiError} 413 */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw tooLarge(`limit is ${maxBodyBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? 'application/json').split(';')[0]?.trim() ?? '';

const protobuf = 'application/vnd.kubernetes.protobuf';

/** What a body says, in JSON or Kubernetes' protobuf. @throws {ApiError} 400, 415 */
export function parseBody(bytes: Buffer, contentType: string | undefined): JsonObject {
  const type = mediaTypeOf(contentType);
  switch (type) {
    case 'application/json':
    case '':
      return parseJson(bytes);
    case protobuf:
      return parseProtobuf(bytes);
    default:
      throw unsupportedMediaType(bodyTypes);
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
  if (!isJsonObject(parsed))
    throw badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into an object");
  return parsed;
}

function parseProtobuf(bytes: Buffer): JsonObject {
  try {
    const { apiVersion, kind, raw } = openEnvelope(bytes);
    const message = messageOf(apiVersion, kind);
    if (message === undefined)
      throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { apiVersion, kind, ...decodeMessage(message, raw) };
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(`unable to decode protobuf: ${error.message}`);
    throw error;
  }
}

/** Options are of the group of meta, whatever version they are sent as. */
function messageOf(apiVersion: string, kind: string) {
  if (kind === 'DeleteOptions') return messageNamed(`${metaPackage}.DeleteOptions`);
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return findMessage(`k8s.io.api.${group?.split('.')[0]}.${version}.${kind}`);
}

/** How fields are taken that the kind does not have. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn';

/**
 * An object as its kind has it.
 * @param warnings Gathers what the caller is to be warned of.
 * @throws {ApiError} 400
 */
export function readTyped(
  resource: Pick<Resource, 'kind' | 'message' | 'version' | 'group'>,
  body: JsonObject,
  validation: FieldValidation,
  warnings: string[],
): JsonObject {
  const { kind, message } = resource;
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
    message,
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
  message: string,
  body: JsonObject,
  unknown: string[],
  subject: string,
  kind: string,
): JsonObject {
  try {
    return readMessage(messageNamed(message), body, unknown) as JsonObject;
  } catch (error) {
    if (error instanceof MistypedError)
      throw badRequest(`${subject} cannot be handled as a ${kind}: ${error.message}`);
    throw error;
  }
}
