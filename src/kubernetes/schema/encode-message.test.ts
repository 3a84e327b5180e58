import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../store/index.ts';
import { apiVersionOf, builtInCatalogue } from './catalogue.ts';
import { encodeEvent, encodeObject } from './encode-message.ts';
import {
  extensionsPackage,
  type FieldType,
  findMessage,
  intOrStringMessage,
  type Message,
  messageNamed,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  schemaMessage,
  textListMessages,
} from './messages.ts';
import { decodeMessage, openEnvelope } from './protobuf.ts';
import { readMessage } from './read-object.ts';

/** What is empty is told from what is absent only where it matters, so texts, numbers and maps are not empty. */
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const time = fc.date({ min: new Date(0), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true });
const object = fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null)));

/** It is the same wherever it stands, so a small one will do. */
const schema = fc.record({ description: text, items: fc.record({ pattern: text }) });

const specials: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  [quantityMessage]: fc.constantFrom('1', '500m', '10Gi', '1e3'),
  [intOrStringMessage]: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), text),
  [rawExtensionMessage]: object,
  [`${metaPackage}.FieldsV1`]: object,
  [`${metaPackage}.Duration`]: fc.constantFrom('0s', '15.02s', '1m5s', '90m0.5s'),
  [`${metaPackage}.Time`]: time.map((at) => `${at.toISOString().slice(0, 19)}Z`),
  [`${metaPackage}.MicroTime`]: time.map((at) => `${at.toISOString().slice(0, 23)}456Z`),
  [`${extensionsPackage}.JSON`]: object,
  [`${schemaMessage}OrArray`]: fc.array(schema, { minLength: 1 }),
  [`${schemaMessage}OrBool`]: fc.oneof(fc.boolean(), schema),
  [`${schemaMessage}OrStringArray`]: fc.oneof(schema, fc.array(text, { minLength: 1 })),
  ...Object.fromEntries(textListMessages.map((message) => [message, fc.array(text, { minLength: 1 })])),
};

function anyOf(type: FieldType, depth: number): fc.Arbitrary<Json> {
  switch (type.kind) {
    case 'map':
      return fc.dictionary(text, anyOf(type.value, depth), { minKeys: 1, maxKeys: 3 });
    case 'message':
      return specials[type.message] ?? objectOf(messageNamed(type.message), depth + 1);
    case 'scalar':
      switch (type.scalar) {
        case 'string':
          return text;
        case 'bytes':
          return fc
            .uint8Array({ minLength: 1, maxLength: 200 })
            .map((bytes) => Buffer.from(bytes).toString('base64'));
        case 'bool':
          return fc.constant(true);
        case 'int32':
          return fc.oneof(fc.integer({ min: -(2 ** 31), max: -1 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
        case 'int64':
          return fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 1, max: 300 })).filter((it) => it !== 0);
        default:
          return fc.double({ noNaN: true, noDefaultInfinity: true }).filter((it) => it !== 0);
      }
  }
}

/** A few of a message's fields: kinds have hundreds of them, and name each other in circles. */
function objectOf(message: Message, depth = 0): fc.Arbitrary<Json> {
  if (depth > 6) return fc.constant({});
  const fields = [...message.fields.values()];
  if (fields.length === 0) return fc.constant({});
  return fc
    .subarray(fields, { maxLength: depth === 0 ? fields.length : Math.min(4, fields.length) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map(({ name, type, isList }) => {
            const one = anyOf(type, depth);
            return [name, isList ? fc.array(one, { minLength: 1, maxLength: 3 }) : one];
          }),
        ),
      ),
    );
}

const { resources } = builtInCatalogue;

describe('an object in protobuf', () => {
  it.each(resources)('is the same again in JSON: $kind', (resource) => {
    const message = messageNamed(resource.message);
    const apiVersion = apiVersionOf(resource);
    fc.assert(
      fc.property(objectOf(message), (given) => {
        expect(readMessage(message, given, [])).toEqual(given);
        const envelope = openEnvelope(encodeObject(message, apiVersion, resource.kind, given));
        expect(envelope).toMatchObject({ apiVersion, kind: resource.kind });
        expect(decodeMessage(message, envelope.raw)).toEqual(given);
      }),
      { numRuns: 15 },
    );
  });

  it('has a message for the list of each kind that is kept', () => {
    for (const { message, isReview } of resources)
      if (!isReview) expect(findMessage(`${message}List`)?.fields.has('items')).toBe(true);
  });

  it('leaves out what its kind does not have, and what is null', () => {
    const message = messageNamed('k8s.io.api.core.v1.ConfigMap');
    const given = { metadata: { name: 'a', creationTimestamp: null }, data: null, other: 1 };
    expect(decodeMessage(message, openEnvelope(encodeObject(message, 'v1', 'ConfigMap', given)).raw)).toEqual(
      { metadata: { name: 'a' } },
    );
  });

  it('is written as Go writes it, field for field', () => {
    const message = messageNamed(`${metaPackage}.Status`);
    expect(encodeObject(message, 'v1', 'Status', { code: 300, status: 'Failure' }).toString('hex')).toBe(
      // k8s\0, type {v1, Status}, raw {status, code}
      '6b387300 0a0c 0a027631 1206537461747573 120c 1207 4661696c757265 30ac02'.replaceAll(' ', ''),
    );
  });

  it('goes into an event of a watch behind its length', () => {
    expect(encodeEvent('ADDED', Buffer.from([1, 2])).toString('hex')).toBe(
      '0000000d 0a05 4144444544 1204 0a02 0102'.replaceAll(' ', ''),
    );
  });
});
