import type { IncomingMessage } from 'node:http';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import { readCustomObject } from '../custom-resources/read-custom.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { goText } from '../patch/go-text.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { messageNamed, messageOfKind } from '../schema/messages.ts';
import { decodeMessage, openEnvelope } from '../schema/protobuf.ts';
import { MistypedError, readMessage } from '../schema/read-object.ts';
import { ProtobufError } from '../schema/wire.ts';
import { goJsonError, goJsonKind } from './go-json.ts';
import { jsonType, protobufType, readContentType, yamlType } from './negotiation.ts';
import { repeatedFields } from './repeated-fields.ts';
import { ApiError, badRequest, tooLarge } from './status.ts';
import {
  admitFields,
  admitPatched,
  duplicateField,
  type FieldValidation,
  noneRepeated,
  type Repeated,
  strangeFields,
  unfitPatch,
} from './strict-decoding.ts';
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

/**
 * What a body says that is to be of a kind, in JSON, YAML or Kubernetes' protobuf.
 * @param repeated Gathers what is there more than once.
 * @throws {ApiError} 400, 413, 415
 */
export async function parseObject(
  bytes: Buffer,
  contentType: string | undefined,
  kind: string,
  repeated: Repeated,
): Promise<JsonObject> {
  try {
    return await parseBody(bytes, contentType, repeated);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 400) throw error;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${error.message} (${summaryOf(bytes)})`,
    );
  }
}

/** What is applied, in YAML. @param repeated As of `parseObject`. @throws {ApiError} 400, 413 */
export async function parseApplied(bytes: Buffer, repeated: Repeated): Promise<JsonObject> {
  const parsed = await parseYaml(bytes, repeated.keys).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 400) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  });
  assertShallow(parsed);
  if (parsed === null || isJsonObject(parsed)) return parsed ?? {};
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(parsed)} into Go value of type ${anyMap}`,
  );
}

/** How a body begins: as it is where that can be read, else in hexadecimal. */
function summaryOf(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const start = bytes.subarray(0, 30).toString(bytes[0] === 0x7b ? 'utf8' : 'hex');
  return bytes.length > 30 ? `${start} ...` : start;
}

/** What a body says, in JSON, YAML or Kubernetes' protobuf. @throws {ApiError} 400, 413, 415 */
export async function parseBody(
  bytes: Buffer,
  contentType: string | undefined,
  repeated?: Repeated,
): Promise<JsonObject> {
  switch (readContentType(contentType)) {
    case jsonType:
      return objectIn(valueIn(bytes, versionAndKind, repeated));
    case yamlType: {
      const object = objectIn(await parseYaml(bytes, repeated?.keys));
      if (repeated !== undefined) repeated.json = () => sortedText(object);
      return object;
    }
    case protobufType:
      return parseProtobuf(bytes);
  }
}

/**
 * What a patch says: a list, or an object.
 * @param type Of its media. @param told Gathers in words what is there more than once, and what operations do not have.
 * @throws {ApiError} 400
 */
export function parsePatch(bytes: Buffer, type: string, told: string[]): Json {
  const before = type.includes('strategic') ? '' : 'error decoding patch: ';
  const repeated = noneRepeated();
  const parsed = valueIn(bytes, before, repeated);
  const isList = type.includes('json-patch');
  if (isList ? Array.isArray(parsed) : isJsonObject(parsed)) {
    assertShallow(parsed);
    const twice = repeated.fields.map(duplicateField);
    told.push(...(isJsonObject(parsed) ? twice : strangeInOperations(bytes, parsed as readonly Json[])));
    return parsed;
  }
  const wanted = isList ? '[]interface {}' : anyMap;
  throw badRequest(`${before}json: cannot unmarshal ${goJsonKind(parsed)} into Go value of type ${wanted}`);
}

const operationFields = ['op', 'path', 'from', 'value'];

function strangeInOperations(bytes: Buffer, operations: readonly Json[]): readonly string[] {
  const unknown = operations.flatMap((operation, index) =>
    isJsonObject(operation)
      ? Object.keys(operation)
          .filter((name) => !operationFields.includes(name))
          .map((name) => `[${index}].${name}`)
      : [],
  );
  return strangeFields(bytes.toString('utf8'), unknown).map((words) => `json patch ${words}`);
}

const anyMap = 'map[string]interface {}';

/** What upstream reads first of every body, and from which its words come. */
const versionAndKind = "couldn't get version/kind; json parse error: ";
const typeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function valueIn(bytes: Buffer, before: string, repeated?: Repeated): Json {
  try {
    const text = bytes.toString('utf8');
    const value = JSON.parse(text) as Json;
    if (repeated !== undefined) {
      repeated.fields.push(...repeatedFields(text, value));
      repeated.json = () => text;
    }
    return value;
  } catch (error) {
    throw badRequest(before + (goJsonError(bytes) ?? String(error)));
  }
}

/** As Go writes what it read from YAML: a map has no order of its own. */
const sortedText = (value: Json): string =>
  JSON.stringify(value, (_name, member: Json) =>
    isJsonObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

function objectIn(parsed: Json): JsonObject {
  assertShallow(parsed);
  // Of null Go reads what is empty.
  if (parsed === null) return {};
  if (!isJsonObject(parsed))
    throw badRequest(
      `${versionAndKind}json: cannot unmarshal ${goJsonKind(parsed)} into Go value of type ${typeMeta}`,
    );
  for (const name of ['apiVersion', 'kind']) {
    const value = parsed[name];
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw badRequest(
        `${versionAndKind}json: cannot unmarshal ${goJsonKind(value)} into Go struct field .${name} of type string`,
      );
  }
  return parsed;
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

/**
 * What an apply or somebody's webhook made of an object, as its kind has it: it may be what nobody could have sent.
 * @throws {ApiError} 400
 */
export function readMade(kind: TypedKind, body: JsonObject): JsonObject {
  assertShallow(body);
  return readTyped(kind, body, 'Ignore', [], noneRepeated());
}

export interface PatchedBy {
  /** What is strange in the patch itself, in words. */
  readonly told: readonly string[];
  /** Undefined: it is read as text, as which the object that was made is told. */
  readonly strategic: JsonObject | undefined;
}

/** What a patch made of an object, as its kind has it. @throws {ApiError} 400, 422 */
export function readPatched(
  resource: TypedKind,
  body: JsonObject,
  { told, strategic }: PatchedBy,
  validation: FieldValidation,
  warnings: string[],
): JsonObject {
  assertShallow(body);
  const shown = (): string => (strategic === undefined ? JSON.stringify(body) : goText(strategic));
  const unknown: string[] = [];
  try {
    const typed = readFields(resource, { ...body, ...kindGiven(resource, body) }, unknown);
    admitPatched({ told, unknown, shown }, validation, warnings);
    return typed;
  } catch (error) {
    if (!(error instanceof MistypedError)) throw error;
    throw unfitPatch(shown(), strategic === undefined ? error.message : error.inMap);
  }
}

type TypedKind = Pick<Resource, 'kind' | 'message' | 'version' | 'group' | 'custom'>;

/**
 * An object as its kind has it, of what was read.
 * @param warnings Gathers what the caller is to be warned of.
 * @param repeated What reading it found to be there more than once.
 * @throws {ApiError} 400
 */
export function readTyped(
  resource: TypedKind,
  body: JsonObject,
  validation: FieldValidation,
  warnings: string[],
  repeated: Repeated,
): JsonObject {
  const { kind } = resource;
  const given = kindGiven(resource, body);
  const unknown: string[] = [];
  const subject = `${kind} in version "${resource.version}" cannot be handled as a ${kind}`;
  try {
    const typed = readFields(resource, { ...body, ...given }, unknown);
    const isCustom = resource.custom !== undefined;
    admitFields(subject, { unknown, repeated, isCustom }, validation, warnings);
    return typed;
  } catch (error) {
    if (error instanceof MistypedError) throw badRequest(`${subject}: ${error.message}`);
    throw error;
  }
}

/** Of which kind a body says that it is. @throws {ApiError} 400: of another than it is to be. */
function kindGiven(resource: TypedKind, body: JsonObject): JsonObject {
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  const given = { apiVersion: body.apiVersion ?? apiVersion, kind: body.kind ?? kind };
  if (given.apiVersion !== apiVersion || given.kind !== kind) {
    if (given.kind !== kind && resource.custom === undefined) throw badRequest(otherKind(resource, given));
    throw badRequest(
      given.kind === kind
        ? `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`
        : `the object provided is unrecognized (must be of type ${kind}): no kind "${given.kind}" is meant here`,
    );
  }
  return given;
}

/** What is of another kind is told by whether there is such a one. */
function otherKind(
  { kind, group }: TypedKind,
  given: { readonly apiVersion: Json; readonly kind: Json },
): string {
  const [apiVersion, other] = [String(given.apiVersion), String(given.kind)];
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const why =
    messageOfKind(apiVersion, other) === undefined
      ? `no kind "${other}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`
      : `converting (${version}.${other}) to (${group === '' ? 'core' : group.split('.')[0]}.${kind}): unknown conversion`;
  return `${other} in version "${version}" cannot be handled as a ${kind}: ${why}`;
}

/** @throws {MistypedError} */
const readFields = ({ message, custom }: TypedKind, body: JsonObject, unknown: string[]): JsonObject =>
  custom === undefined
    ? (readMessage(messageNamed(message), body, unknown) as JsonObject)
    : readCustomObject(custom, body, unknown);
