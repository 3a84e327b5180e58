import type { Json } from '../../store/index.ts';
import {
  type Field,
  type FieldType,
  type Message,
  messageNamed,
  metaPackage,
  type Scalar,
} from './messages.ts';

/**
 * Kubernetes' protobuf, as clients send it: an envelope of four bytes and a message `Unknown` around the object's own
 * message. What comes out is the object as it stands in JSON.
 */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** What isn't Kubernetes' protobuf. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

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
  let [apiVersion, kind, raw] = ['', '', Buffer.alloc(0)];
  for (const { number, bytes } of fieldsOf(body.subarray(magic.length))) {
    if (number === 2 && bytes !== undefined) raw = Buffer.from(bytes);
    if (number !== 1 || bytes === undefined) continue;
    for (const inner of fieldsOf(bytes)) {
      if (inner.number === 1) apiVersion = inner.bytes?.toString('utf8') ?? '';
      if (inner.number === 2) kind = inner.bytes?.toString('utf8') ?? '';
    }
  }
  return { apiVersion, kind, raw };
}

type JsonObject = Record<string, Json>;

/** A message as it stands in JSON. Fields that this version does not know are left out. @throws {ProtobufError} */
export function decodeMessage(message: Message, bytes: Buffer, depth = 0): JsonObject {
  if (depth > maxDepth) throw new ProtobufError('the message is nested too deeply');
  const object: JsonObject = {};
  for (const raw of fieldsOf(bytes)) {
    const field = message.byNumber.get(raw.number);
    if (field === undefined) continue;
    if (field.isInlined && field.type.kind === 'message') {
      if (raw.bytes !== undefined)
        Object.assign(object, decodeMessage(messageNamed(field.type.message), raw.bytes, depth + 1));
    } else readField(object, field, raw, depth);
  }
  return object;
}

function readField(object: JsonObject, field: Field, raw: RawField, depth: number): void {
  const { name, type, isList } = field;
  if (type.kind === 'map') {
    object[name] ??= {};
    const entries = object[name] as JsonObject;
    const [key, value] = readEntry(type.value, raw, depth);
    Object.defineProperty(entries, key, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  if (isList) {
    object[name] ??= [];
    const list = object[name] as Json[];
    list.push(readValue(type, raw, depth) ?? null);
    return;
  }
  const value = readValue(type, raw, depth);
  if (value === undefined || isAbsence(name, value)) return;
  object[name] = value;
}

function readEntry(type: FieldType, { bytes }: RawField, depth: number): readonly [key: string, value: Json] {
  if (bytes === undefined) throw new ProtobufError('a map has an entry that is no message');
  let key = '';
  let value: Json | undefined;
  for (const raw of fieldsOf(bytes)) {
    if (raw.number === 1) key = raw.bytes?.toString('utf8') ?? '';
    if (raw.number === 2) value = readValue(type, raw, depth);
  }
  return [key, value ?? emptyOf(type)];
}

const emptyOf = (type: FieldType): Json => (type.kind === 'scalar' ? '' : {});

/** Undefined: what is written as nothing, such as a time that is not set. */
function readValue(type: FieldType, raw: RawField, depth: number): Json | undefined {
  if (type.kind === 'scalar') return readScalar(type.scalar, raw);
  if (type.kind === 'map' || raw.bytes === undefined)
    throw new ProtobufError(`field ${raw.number} is no message`);
  const special = specials[type.message];
  return special === undefined
    ? decodeMessage(messageNamed(type.message), raw.bytes, depth + 1)
    : special(raw.bytes);
}

function readScalar(scalar: Scalar, { varint, bytes, fixed64, number }: RawField): Json {
  switch (scalar) {
    case 'string':
      return bytes?.toString('utf8') ?? mistyped(number);
    case 'bytes':
      return bytes?.toString('base64') ?? mistyped(number);
    case 'bool':
      return varint === undefined ? mistyped(number) : varint !== 0n;
    case 'int32':
    case 'int64':
      return varint === undefined ? mistyped(number) : Number(BigInt.asIntN(64, varint));
    case 'double':
    case 'fixed64':
      return fixed64?.readDoubleLE() ?? mistyped(number);
  }
}

function mistyped(number: number): never {
  throw new ProtobufError(`field ${number} has another type`);
}

/** What JSON writes in another form than as an object. */
const specials: Readonly<Record<string, (bytes: Buffer) => Json | undefined>> = {
  'k8s.io.apimachinery.pkg.api.resource.Quantity': (bytes) => text(bytes, 1) || '0',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': (bytes) =>
    integer(bytes, 1) === 1 ? text(bytes, 3) : integer(bytes, 2),
  'k8s.io.apimachinery.pkg.runtime.RawExtension': (bytes) => parsed(text(bytes, 1)),
  [`${metaPackage}.FieldsV1`]: (bytes) => parsed(text(bytes, 1)),
  [`${metaPackage}.Time`]: (bytes) => time(bytes, 0),
  [`${metaPackage}.MicroTime`]: (bytes) => time(bytes, 6),
  'k8s.io.api.authentication.v1.ExtraValue': texts,
  'k8s.io.api.authorization.v1.ExtraValue': texts,
};

function time(bytes: Buffer, fractionDigits: number): Json | undefined {
  if (bytes.length === 0) return undefined;
  const seconds = integer(bytes, 1);
  const at = new Date(seconds * 1_000);
  if (Number.isNaN(at.getTime())) throw new ProtobufError(`${seconds} is no time`);
  const whole = at.toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${whole}Z`;
  return `${whole}.${String(integer(bytes, 2)).padStart(9, '0').slice(0, fractionDigits)}Z`;
}

function parsed(json: string): Json | undefined {
  if (json === '') return undefined;
  try {
    return JSON.parse(json) as Json;
  } catch (cause) {
    throw new ProtobufError('an object within the message is no JSON', { cause });
  }
}

function texts(bytes: Buffer): Json {
  return [...fieldsOf(bytes)].flatMap((field) =>
    field.bytes === undefined ? [] : [field.bytes.toString('utf8')],
  );
}

const text = (bytes: Buffer, number: number): string => last(bytes, number)?.bytes?.toString('utf8') ?? '';
const integer = (bytes: Buffer, number: number): number =>
  Number(BigInt.asIntN(64, last(bytes, number)?.varint ?? 0n));
const last = (bytes: Buffer, number: number): RawField | undefined =>
  [...fieldsOf(bytes)].findLast((field) => field.number === number);

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

interface RawField {
  readonly number: number;
  readonly varint?: bigint;
  readonly fixed64?: Buffer;
  readonly bytes?: Buffer;
}

function* fieldsOf(bytes: Buffer): Generator<RawField, void> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('integer overflow');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new ProtobufError('unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number, varint: varint() };
        break;
      case 1:
        yield { number, fixed64: take(8) };
        break;
      case 2:
        yield { number, bytes: take(Number(varint())) };
        break;
      case 5:
        take(4);
        break;
      default:
        throw new ProtobufError(`illegal wireType ${tag & 7}`);
    }
  }
}

/** Objects nest far less deeply. */
const maxDepth = 64;
