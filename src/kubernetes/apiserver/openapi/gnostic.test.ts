import { expect, it } from 'vitest';
import { WireReader } from '../../schema/wire.ts';
import { encodeGnostic } from './gnostic.ts';

/** The texts at a path of field numbers, read by themselves. */
function textsAt(bytes: Buffer, [number, ...rest]: readonly number[]): readonly string[] {
  const reader = new WireReader(bytes);
  const found: string[] = [];
  while (reader.next()) {
    if (reader.number !== number) reader.skip();
    else if (rest.length === 0) found.push(reader.text());
    else found.push(...textsAt(Buffer.from(reader.bytes()), rest));
  }
  return found;
}

const [definitions, pairs, name, value] = [9, 1, 1, 2];
const bytes = encodeGnostic({
  swagger: '2.0',
  info: { title: 'Kubernetes', version: 'unversioned' },
  paths: {
    '/api/v1/pods/{name}': {
      get: {
        parameters: [{ name: 'name', in: 'path', type: 'string', required: true }],
        responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/Pod' } } },
        'x-kubernetes-action': 'get',
      },
    },
  },
  definitions: {
    Pod: {
      type: 'object',
      required: ['spec', 'status'],
      properties: {
        names: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        labels: { type: 'object', additionalProperties: { type: 'integer', default: 3 } },
      },
      'x-kubernetes-group-version-kind': [{ group: '', kind: 'Pod', version: 'v1' }],
    },
    List: {},
  },
});
const schemaField = (...path: readonly number[]) => textsAt(bytes, [definitions, pairs, value, ...path]);

it('has the fields of a document in their places', () => {
  expect(textsAt(bytes, [1])).toEqual(['2.0']);
  expect(textsAt(bytes, [2, 1])).toEqual(['Kubernetes']);
  expect(textsAt(bytes, [definitions, pairs, name])).toEqual(['Pod', 'List']);
});

it('has schemas with their types, members, items and extensions', () => {
  expect(schemaField(22, 1)).toEqual(['object']);
  expect(schemaField(19)).toEqual(['spec', 'status']);
  expect(schemaField(25, pairs, name)).toEqual(['names', 'labels']);
  expect(schemaField(25, pairs, value, 22, 1)).toEqual(['array', 'object']);
  expect(schemaField(25, pairs, value, 23, 1, 22, 1)).toEqual(['string']);
  expect(schemaField(25, pairs, value, 21, 1, 22, 1)).toEqual(['integer']);
  expect(schemaField(25, pairs, value, 21, 1, 5, 2)).toEqual(['3']);
  expect(schemaField(31, 1)).toEqual(['x-kubernetes-group-version-kind']);
  expect(schemaField(31, 2, 2)).toEqual(['[{"group":"","kind":"Pod","version":"v1"}]']);
});

it('has operations with parameters by their places, answers and extensions', () => {
  const get = (...path: readonly number[]) => textsAt(bytes, [8, 2, 2, 2, ...path]);
  expect(textsAt(bytes, [8, 2, 1])).toEqual(['/api/v1/pods/{name}']);
  expect(get(8, 1, 2, 4, 4)).toEqual(['name']);
  expect(get(9, 1, 1)).toEqual(['200']);
  expect(get(9, 1, 2, 1, 2, 1, 1)).toEqual(['#/definitions/Pod']);
  expect(get(13, 2, 2)).toEqual(['"get"']);
});
