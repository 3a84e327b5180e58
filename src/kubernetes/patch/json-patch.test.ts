import { expect, it } from 'vitest';
import type { Json } from '../../store/index.ts';
import { applyJsonPatch } from './json-patch.ts';

const before: Json = { list: ['a', 'b', 'c'], map: { 'x/y': 1 } };

it.each<readonly [operation: object, after: object]>([
  [{ op: 'add', path: '/list/1', value: 'x' }, { list: ['a', 'x', 'b', 'c'] }],
  [{ op: 'add', path: '/list/-', value: 'x' }, { list: ['a', 'b', 'c', 'x'] }],
  [{ op: 'add', path: '/list/-1', value: 'x' }, { list: ['a', 'b', 'c', 'x'] }],
  [{ op: 'remove', path: '/list/-1' }, { list: ['a', 'b'] }],
  [{ op: 'replace', path: '/list/0', value: 'x' }, { list: ['x', 'b', 'c'] }],
  [{ op: 'test', path: '/list/-3', value: 'a' }, {}],
  [{ op: 'replace', path: '/map/x~1y', value: 2 }, { map: { 'x/y': 2 } }],
  [{ op: 'copy', from: '/list/0', path: '/map/z' }, { map: { 'x/y': 1, z: 'a' } }],
  [
    { op: 'move', from: '/list/0', path: '/first' },
    { list: ['b', 'c'], first: 'a' },
  ],
])('%j changes what it says', (operation, after) => {
  expect(applyJsonPatch(before, [operation as Json])).toEqual({ ...(before as object), ...after });
});

it.each([
  { op: 'test', path: '/list/0', value: 'b' },
  { op: 'test', path: '/none', value: 'b' },
  { op: 'add', path: '/list/4', value: 'x' },
  { op: 'add', path: '/list/-5', value: 'x' },
  { op: 'add', path: '/list/01', value: 'x' },
  { op: 'add', path: '/none/a', value: 'x' },
  { op: 'add', path: '/a' },
  { op: 'remove', path: '/list/3' },
  { op: 'remove', path: '/list/-4' },
  { op: 'remove', path: 'list' },
  { op: 'spin', path: '/list' },
  { path: '/list' },
])('%j does not fit, which is told in the words that clients know', (operation) => {
  expect(() => applyJsonPatch(before, [operation as Json])).toThrow(
    expect.objectContaining({
      ...{ code: 422, reason: 'Invalid' },
      message: 'the server rejected our request due to an error in our request',
    }),
  );
});
