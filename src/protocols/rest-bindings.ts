import type { NormalizedSchema } from '@smithy/core/schema';
import { setOwn } from './record.ts';
import { compileOnce, type Member, membersOf, unsupportedSchema, wrongType } from './schema.ts';
import type { OperationModel } from './service-model.ts';
import { isScalar, type TextReader, type TextWriter, textReader, textWriter } from './text-values.ts';
import { type Reading, Unreadable } from './unreadable.ts';
import { header, type WireAnswer, type WireRequest } from './wire.ts';

/**
 * Where the members of a REST operation stand: in the path, the query, a header, the status, alone in the body
 * (the payload), or among the members of a JSON body.
 */
type Place =
  | { readonly at: 'label' }
  | { readonly at: 'query'; readonly name: string; readonly isList: boolean }
  | { readonly at: 'header'; readonly name: string }
  | { readonly at: 'status' }
  | { readonly at: 'payload' }
  | { readonly at: 'body' };

function placeOf(schema: NormalizedSchema): Place {
  const traits = schema.getMemberTraits();
  if (traits.httpLabel) return { at: 'label' };
  if (traits.httpQuery) return { at: 'query', name: traits.httpQuery, isList: schema.isListSchema() };
  if (traits.httpHeader) return { at: 'header', name: traits.httpHeader.toLowerCase() };
  if (traits.httpResponseCode) return { at: 'status' };
  if (traits.httpPayload) return { at: 'payload' };
  // Maps spread over the query or the headers: no service here has them.
  if (traits.httpQueryParams || traits.httpPrefixHeaders !== undefined) throw unsupportedSchema(schema);
  return { at: 'body' };
}

export function isInBody(member: Member): boolean {
  return placeOf(member.schema).at === 'body';
}

interface BoundMember extends Member {
  readonly place: Place;
  readonly read: TextReader;
  readonly write: TextWriter;
}

interface Bindings {
  readonly members: readonly BoundMember[];
  readonly payload: Member | undefined;
  readonly hasBody: boolean;
}

const bindingsOf: (structure: NormalizedSchema) => Bindings = compileOnce((structure) => {
  const members: BoundMember[] = [];
  let payload: Member | undefined;
  let hasBody = false;
  for (const member of membersOf(structure)) {
    const place = placeOf(member.schema);
    if (place.at === 'body') hasBody = true;
    else if (place.at === 'payload') payload = member;
    else {
      const value = place.at === 'query' && place.isList ? member.schema.getValueSchema() : member.schema;
      if (!isScalar(value)) throw unsupportedSchema(member.schema);
      const dates = place.at === 'header' ? 'http-date' : 'date-time';
      members.push({ ...member, place, read: textReader(value, dates), write: textWriter(value, dates) });
    }
  }
  return { members, payload, hasBody };
});

/** The query's values by name, decoded. */
export function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decode(part.slice(equals + 1));
    const existing = values.get(name);
    if (existing === undefined) values.set(name, [value]);
    else existing.push(value);
  }
  return values;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Unreadable('A query parameter is not percent-encoded UTF-8');
  }
}

/** @param readBody reads the JSON body as the structure's body members, or as the payload's schema. */
export function restInput(
  structure: NormalizedSchema,
  sent: {
    readonly request: WireRequest;
    readonly labels: ReadonlyMap<string, string>;
    readonly query: ReadonlyMap<string, readonly string[]>;
  },
  reading: Reading,
  readBody: (schema: NormalizedSchema) => unknown,
): Record<string, unknown> {
  const { members, payload, hasBody } = bindingsOf(structure);
  const input: Record<string, unknown> = {};
  if (hasBody) Object.assign(input, readBody(structure));
  if (payload !== undefined && sent.request.body.length > 0) {
    input[payload.name] = readPayload(payload.schema, sent.request.body, readBody);
  }
  for (const member of members) {
    const value = boundValue(member, sent);
    if (value !== undefined) setOwn(input, member.name, value);
    else if (member.isRequired) reading.lacksRequired = true;
  }
  if (payload?.isRequired === true && input[payload.name] === undefined) reading.lacksRequired = true;
  return input;
}

function boundValue(member: BoundMember, sent: Parameters<typeof restInput>[1]): unknown {
  const { place, read } = member;
  switch (place.at) {
    case 'label': {
      const text = sent.labels.get(member.name);
      return text === undefined ? undefined : read(text);
    }
    case 'query': {
      const texts = sent.query.get(place.name);
      if (texts === undefined) return undefined;
      return place.isList ? texts.map(read) : read(texts[0] ?? '');
    }
    case 'header': {
      const text = header(sent.request, place.name);
      return text === undefined ? undefined : read(text);
    }
    default:
      return undefined;
  }
}

function readPayload(
  schema: NormalizedSchema,
  body: Buffer,
  readBody: (schema: NormalizedSchema) => unknown,
): unknown {
  if (schema.isBlobSchema()) return new Uint8Array(body);
  if (schema.isStringSchema()) return body.toString('utf8');
  return readBody(schema);
}

export function restOutput(
  operation: OperationModel,
  output: unknown,
  jsonHeaders: Readonly<Record<string, string>>,
  writeBody: (schema: NormalizedSchema, value: unknown) => string,
): WireAnswer {
  if (typeof output !== 'object' || output === null) throw wrongType(operation.output, output);
  const { members, payload } = bindingsOf(operation.output);
  const values = new Map(Object.entries(output));
  const headers: Record<string, string> = { ...jsonHeaders };
  let status = operation.http?.status ?? 200;
  for (const { name, place, write } of members) {
    const value: unknown = values.get(name);
    if (value === undefined || value === null) continue;
    if (place.at === 'header') headers[place.name] = write(value);
    else if (place.at === 'status') status = Number(write(value));
  }
  if (payload === undefined) return { status, headers, body: writeBody(operation.output, output) };
  const value: unknown = values.get(payload.name);
  if (value === undefined || value === null) return { status, headers, body: '' };
  if (payload.schema.isBlobSchema()) {
    if (!(value instanceof Uint8Array)) throw wrongType(payload.schema, value);
    return { status, headers: { ...headers, 'content-type': 'application/octet-stream' }, body: value };
  }
  if (payload.schema.isStringSchema()) {
    return { status, headers: { ...headers, 'content-type': 'text/plain' }, body: String(value) };
  }
  return { status, headers, body: writeBody(payload.schema, value) };
}
