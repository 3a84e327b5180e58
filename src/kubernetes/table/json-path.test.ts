import { expect, it } from 'vitest';
import { JsonPathError, parseJsonPath } from './json-path.ts';

const value = {
  spec: { replicas: 3, 'a.b': 'dotted', list: [1, 2, 3] },
  conditions: [
    { type: 'Ready', status: 'True', n: 1 },
    { type: 'Synced', status: 'False', n: 2 },
  ],
};

it.each([
  ['.spec.replicas', [3]],
  ['.spec.absent', []],
  ['.spec.absent.deeper', []],
  [".spec['a.b']", ['dotted']],
  ['.spec.a\\.b', ['dotted']],
  ['.spec.list[0]', [1]],
  ['.spec.list[-1:]', [3]],
  ['.spec.list[*]', [1, 2, 3]],
  ['.spec.list[0,2]', [1, 3]],
  ['.conditions[?(@.type=="Ready")].status', ['True']],
  ['.conditions[?(@.type == "Other")].status', []],
  ['.conditions[?(@.n>1)].type', ['Synced']],
  ['.conditions[*].type', ['Ready', 'Synced']],
  ['..status', ['True', 'False']],
  ['.', [value]],
])('%s finds %j', (path, found) => {
  expect(parseJsonPath(path).find(value)).toEqual(found);
});

it.each(['spec', '.spec[', '.a[?(x)]', '.a[?(@.b==)]', ".a['b]"])('%s is no path', (path) => {
  expect(() => parseJsonPath(path)).toThrow(JsonPathError);
});
