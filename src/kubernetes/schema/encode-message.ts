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
import { magic } from './protobuf.ts';
import { WireWriter } from './wire.ts';

/** Writes a value, tag and all; nothing where it is absent. */
type Write = (out: WireWriter, value: Json) => void;

/** Writes what stands behind a tag and a length. */
type WriteContent = (out: WireWriter, value: Json) => void;

/**
 * An object in Kubernetes' protobuf, in the envelope that says what it is.
 * @param object As it stands in JSON, known to be of the message; what the message does not have is left out.
 */
export function encodeObject(message: Message, apiVersion: string, kind: string, object: Json): Buffer {
  const out = new WireWriter();
  contentOf(message)(out, object);
  writeEnvelope(out, apiVersion, kind);
  return out.finish();
}

/** An event of a watch: its length, and the event with the enveloped object. */
export function encodeEvent(type: string, object: Buffer): Buffer {
  const out = new WireWriter(object.length + 64);
  out.bytes(object);
  out.lengthAndTag(1, 0);
  out.lengthAndTag(2, 0);
  const before = out.length;
  out.text(type);
  out.lengthAndTag(1, before);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(out.length);
  out.bytes(length);
  return out.finish();
}

/** `Unknown` around what was written already. */
function writeEnvelope(out: WireWriter, apiVersion: string, kind: string): void {
  out.lengthAndTag(2, 0);
  const beforeType = out.length;
  writeText(out, 2, kind);
  writeText(out, 1, apiVersion);
  out.lengthAndTag(1, beforeType);
  out.bytes(magic);
}

function writeText(out: WireWriter, number: number, text: string): void {
  const before = out.length;
  out.text(text);
  out.lengthAndTag(number, before);
}

const contents = new Map<Message, WriteContent>();

/** Made at first use: few clusters see all kinds. */
function contentOf(message: Message): WriteContent {
  const known = contents.get(message);
  if (known !== undefined) return known;
  const inlined = [...message.byNumber.values()].filter((field) => field.isInlined);
  const writes = new Map<string, Write>();
  for (const field of message.byNumber.values()) if (!field.isInlined) writes.set(field.name, writeOf(field));
  const content: WriteContent = (out, value) => {
    const object = value as { readonly [name: string]: Json };
    for (const name in object) {
      const member = object[name];
      if (member !== null && member !== undefined) writes.get(name)?.(out, member);
    }
    for (const field of inlined) writeInlined(out, field, object);
  };
  contents.set(message, content);
  return content;
}

/** The members of a message that JSON does not show; nothing where the object has none of them. */
function writeInlined(out: WireWriter, field: Field, object: Json): void {
  if (field.type.kind !== 'message') return;
  const before = out.length;
  contentOf(messageNamed(field.type.message))(out, object);
  if (out.length > before) out.lengthAndTag(field.number, before);
}

function writeOf({ type, number, isList }: Field): Write {
  const one = type.kind === 'map' ? entriesOf(number, type.value) : taggedOf(number, type);
  if (!isList) return one;
  return (out, value) => {
    const list = value as readonly Json[];
    for (let index = list.length - 1; index >= 0; index--) one(out, list[index] ?? null);
  };
}

function entriesOf(number: number, type: FieldType): Write {
  const value = taggedOf(2, type);
  return (out, map) => {
    const entries = map as { readonly [key: string]: Json };
    for (const key in entries) {
      const before = out.length;
      value(out, entries[key] ?? null);
      writeText(out, 1, key);
      out.lengthAndTag(number, before);
    }
  };
}

function taggedOf(number: number, type: FieldType): Write {
  if (type.kind === 'map') throw new Error(`Field ${number} would be a map of maps, which protobuf has not`);
  if (type.kind === 'scalar') return scalarOf(number, type.scalar);
  // Messages name each other in circles: what is within is made when it is first met.
  let content = specials[type.message];
  return (out, value) => {
    content ??= contentOf(messageNamed(type.message));
    const before = out.length;
    content(out, value);
    out.lengthAndTag(number, before);
  };
}

function scalarOf(number: number, scalar: Scalar): Write {
  switch (scalar) {
    case 'string':
      return (out, value) => writeText(out, number, value as string);
    case 'bytes':
      return (out, value) => {
        const before = out.length;
        out.bytes(Buffer.from(value as string, 'base64'));
        out.lengthAndTag(number, before);
      };
    case 'bool':
      return (out, value) => {
        out.varint(value === true ? 1 : 0);
        out.integerTag(number);
      };
    case 'int32':
    case 'int64':
      return (out, value) => {
        out.varint(value as number);
        out.integerTag(number);
      };
    case 'double':
    case 'fixed64':
      return (out, value) => {
        out.double(value as number);
        out.doubleTag(number);
      };
  }
}

/** What JSON writes in another form than as an object. */
const specials: Readonly<Record<string, WriteContent>> = {
  [quantityMessage]: (out, value) => writeText(out, 1, String(value)),
  [intOrStringMessage]: (out, value) => {
    if (typeof value === 'number') {
      out.varint(value);
      out.integerTag(2);
      out.varint(0);
    } else {
      writeText(out, 3, String(value));
      out.varint(1);
    }
    out.integerTag(1);
  },
  [rawExtensionMessage]: (out, value) => writeText(out, 1, JSON.stringify(value)),
  [`${metaPackage}.FieldsV1`]: (out, value) => writeText(out, 1, JSON.stringify(value)),
  [`${metaPackage}.Duration`]: writeDuration,
  [`${metaPackage}.Time`]: writeTime,
  [`${metaPackage}.MicroTime`]: writeTime,
  [`${extensionsPackage}.JSON`]: (out, value) => writeText(out, 1, JSON.stringify(value)),
  [`${schemaMessage}OrArray`]: (out, value) => {
    if (Array.isArray(value)) for (const one of value.toReversed()) writeSchema(out, 2, one);
    else writeSchema(out, 1, value);
  },
  [`${schemaMessage}OrBool`]: (out, value) => {
    if (typeof value !== 'boolean') writeSchema(out, 2, value);
    out.varint(value === false ? 0 : 1);
    out.integerTag(1);
  },
  [`${schemaMessage}OrStringArray`]: (out, value) => {
    if (Array.isArray(value)) for (const text of value.toReversed()) writeText(out, 2, String(text));
    else writeSchema(out, 1, value);
  },
  ...Object.fromEntries(
    textListMessages.map((message): [string, WriteContent] => [
      message,
      (out, value) => {
        for (const text of (value as readonly string[]).toReversed()) writeText(out, 1, text);
      },
    ]),
  ),
};

function writeSchema(out: WireWriter, number: number, value: Json): void {
  const before = out.length;
  contentOf(messageNamed(schemaMessage))(out, value);
  out.lengthAndTag(number, before);
}

/** Whole nanoseconds, of a text as Go prints it (`1m5.02s`). */
function writeDuration(out: WireWriter, value: Json): void {
  const [, minutes = '0', seconds = '0'] = /^(?:(\d+)m)?([\d.]+)s$/.exec(String(value)) ?? [];
  out.varint(Math.round(Number(minutes) * 60e9 + Number(seconds) * 1e9));
  out.integerTag(1);
}

function writeTime(out: WireWriter, value: Json): void {
  const text = String(value);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  out.varint(Number(fraction.padEnd(9, '0').slice(0, 9)));
  out.integerTag(2);
  out.varint(Math.floor(Date.parse(text) / 1_000));
  out.integerTag(1);
}
