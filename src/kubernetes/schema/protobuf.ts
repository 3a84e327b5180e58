import type { Json } from '../../store/index.ts';
import {
  extensionsPackage,
  type Field,
  type FieldType,
  intOrStringMessage,
  type Message,
  messageNamed,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  type Scalar,
  schemaMessage,
  textListMessages,
} from './messages.ts';
import { ProtobufError, WireReader } from './wire.ts';

/**
 * Kubernetes' protobuf, as clients send it: an envelope of four bytes and a message `Unknown` around the object's own
 * message. What comes out is the object as it stands in JSON.
 */
export const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

/** @throws {ProtobufError} */
export function openEnvelope(body: Buffer): Envelope {
  if (!body.subarray(0, magic.length).equals(magic))
    throw new ProtobufError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  let [apiVersion, kind] = ['', ''];
  let raw: Buffer = Buffer.alloc(0);
  const unknown = new WireReader(body, magic.length);
  while (unknown.next()) {
    if (unknown.number === 2) raw = unknown.bytes();
    else if (unknown.number !== 1) unknown.skip();
    else {
      const type = unknown.message();
      while (type.next()) {
        if (type.number === 1) apiVersion = type.text();
        else if (type.number === 2) kind = type.text();
        else type.skip();
      }
    }
  }
  return { apiVersion, kind, raw };
}

type JsonObject = Record<string, Json>;

/** A message as it stands in JSON. Fields that this version does not know are left out. @throws {ProtobufError} */
export const decodeMessage = (message: Message, bytes: Buffer): JsonObject =>
  readMessage(message, new WireReader(bytes), 0);

function readMessage(message: Message, reader: WireReader, depth: number): JsonObject {
  if (depth > maxDepth) throw new ProtobufError('the message is nested too deeply');
  const object: JsonObject = {};
  while (reader.next()) {
    const field = message.byNumber.get(reader.number);
    if (field === undefined) reader.skip();
    else if (field.isInlined && field.type.kind === 'message')
      Object.assign(object, readMessage(messageNamed(field.type.message), reader.message(), depth + 1));
    else readField(object, field, reader, depth);
  }
  return object;
}

function readField(object: JsonObject, field: Field, reader: WireReader, depth: number): void {
  const { name, type, isList } = field;
  if (type.kind === 'map') {
    object[name] ??= {};
    const [key, value] = readEntry(type.value, reader.message(), depth);
    // A key may have a name that objects have from their beginning.
    Object.defineProperty(object[name], key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
    return;
  }
  if (isList) {
    object[name] ??= [];
    const list = object[name] as Json[];
    list.push(readValue(type, reader, depth) ?? null);
    return;
  }
  const value = readValue(type, reader, depth);
  if (value === undefined || isAbsence(name, value)) return;
  object[name] = value;
}

function readEntry(type: FieldType, entry: WireReader, depth: number): readonly [key: string, value: Json] {
  let key = '';
  let value: Json | undefined;
  while (entry.next()) {
    if (entry.number === 1) key = entry.text();
    else if (entry.number === 2) value = readValue(type, entry, depth);
    else entry.skip();
  }
  return [key, value ?? (type.kind === 'scalar' ? '' : {})];
}

/** Undefined: what is written as nothing, such as a time that is not set. */
function readValue(type: FieldType, reader: WireReader, depth: number): Json | undefined {
  if (type.kind === 'scalar') return readScalar(type.scalar, reader);
  if (type.kind === 'map') throw new ProtobufError(`field ${reader.number} is no message`);
  const special = specials[type.message];
  return special === undefined
    ? readMessage(messageNamed(type.message), reader.message(), depth + 1)
    : special(reader.message());
}

function readScalar(scalar: Scalar, reader: WireReader): Json {
  switch (scalar) {
    case 'string':
      return reader.text();
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'bool':
      return reader.integer() !== 0;
    case 'int32':
    case 'int64':
      return reader.integer();
    case 'double':
    case 'fixed64':
      return reader.double();
  }
}

/** What JSON writes in another form than as an object. */
const specials: Readonly<Record<string, (reader: WireReader) => Json | undefined>> = {
  [quantityMessage]: (reader) => textIn(reader) || '0',
  [intOrStringMessage]: intOrString,
  [rawExtensionMessage]: (reader) => parsed(textIn(reader)),
  [`${metaPackage}.FieldsV1`]: (reader) => parsed(textIn(reader)),
  [`${metaPackage}.Duration`]: duration,
  [`${metaPackage}.Time`]: (reader) => time(reader, 0),
  [`${metaPackage}.MicroTime`]: (reader) => time(reader, 6),
  [`${extensionsPackage}.JSON`]: (reader) => parsed(textIn(reader)),
  [`${schemaMessage}OrArray`]: schemaOr(1, (reader) => [
    readMessage(messageNamed(schemaMessage), reader.message(), 0),
  ]),
  [`${schemaMessage}OrBool`]: schemaOr(2, (reader) => reader.integer() === 1),
  [`${schemaMessage}OrStringArray`]: schemaOr(1, (reader) => [reader.text()]),
  ...Object.fromEntries(textListMessages.map((message) => [message, texts])),
};

function intOrString(reader: WireReader): Json {
  let [isText, text, integer] = [false, '', 0];
  while (reader.next()) {
    if (reader.number === 1) isText = reader.integer() === 1;
    else if (reader.number === 2) integer = reader.integer();
    else if (reader.number === 3) text = reader.text();
    else reader.skip();
  }
  return isText ? text : integer;
}

/** A schema (in the field of that number), or what stands in its place: a list, or whether anything is allowed. */
function schemaOr(schemaNumber: number, other: (reader: WireReader) => Json) {
  return (reader: WireReader): Json => {
    let schema: Json | undefined;
    let found: Json | undefined;
    while (reader.next()) {
      if (reader.number === schemaNumber)
        schema = readMessage(messageNamed(schemaMessage), reader.message(), 0);
      else {
        const one = other(reader);
        found = Array.isArray(one) && Array.isArray(found) ? [...found, ...one] : one;
      }
    }
    return schema ?? found ?? [];
  };
}

/** As Go prints it, in seconds and minutes. */
function duration(reader: WireReader): Json {
  let nanos = 0;
  while (reader.next()) {
    if (reader.number === 1) nanos = reader.integer();
    else reader.skip();
  }
  const minutes = Math.floor(nanos / 60e9);
  const seconds = `${(nanos % 60e9) / 1e9}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

function time(reader: WireReader, fractionDigits: number): Json | undefined {
  let [isEmpty, seconds, nanos] = [true, 0, 0];
  while (reader.next()) {
    isEmpty = false;
    if (reader.number === 1) seconds = reader.integer();
    else if (reader.number === 2) nanos = reader.integer();
    else reader.skip();
  }
  if (isEmpty) return undefined;
  const at = new Date(seconds * 1_000);
  if (Number.isNaN(at.getTime())) throw new ProtobufError(`${seconds} is no time`);
  const whole = at.toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${whole}Z`;
  return `${whole}.${String(nanos).padStart(9, '0').slice(0, fractionDigits)}Z`;
}

function parsed(json: string): Json | undefined {
  if (json === '') return undefined;
  try {
    return JSON.parse(json) as Json;
  } catch (cause) {
    throw new ProtobufError('an object within the message is no JSON', { cause });
  }
}

function texts(reader: WireReader): Json {
  const found: string[] = [];
  while (reader.next()) {
    if (reader.number === 1) found.push(reader.text());
    else reader.skip();
  }
  return found;
}

/** The first field, where nothing else matters. */
function textIn(reader: WireReader): string {
  let text = '';
  while (reader.next()) {
    if (reader.number === 1) text = reader.text();
    else reader.skip();
  }
  return text;
}

/**
 * Go writes what is no pointer also when it is empty, which JSON leaves out. Texts that are empty mean nothing but where
 * they are named here; of numbers and truths, those named below are no pointers.
 */
const meaningfulWhenEmpty = new Set(['service', 'storageClassName', 'volumeAttributesClassName']);
const meaninglessWhenZero = new Set([
  ...['active', 'allNodes', 'availableReplicas', 'chapAuthDiscovery', 'chapAuthSession', 'code', 'count'],
  ...['currentReplicas', 'denied', 'failed', 'failureThreshold', 'fullyLabeledReplicas', 'generation'],
  ...['globalDefault', 'healthCheckNodePort', 'hostIPC', 'hostNetwork', 'hostPID', 'hostPort'],
  ...['initialDelaySeconds', 'minReadySeconds', 'nodePort', 'number', 'numberAvailable'],
  ...['numberUnavailable', 'observedGeneration', 'paused', 'periodSeconds', 'publishNotReadyAddresses'],
  ...['readOnly', 'readyReplicas', 'retryAfterSeconds', 'signal', 'sizeBytes', 'sslEnabled', 'stdin'],
  ...['stdinOnce', 'succeeded', 'successThreshold', 'timeoutSeconds', 'tty', 'unavailableReplicas'],
  ...['unschedulable', 'updatedNumberScheduled', 'updatedReplicas'],
]);

function isAbsence(name: string, value: Json): boolean {
  if (value === '') return !meaningfulWhenEmpty.has(name);
  return (value === 0 || value === false) && meaninglessWhenZero.has(name);
}

/** Objects nest far less deeply. */
const maxDepth = 64;
