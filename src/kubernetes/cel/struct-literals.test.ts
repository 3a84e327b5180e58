import { expect, it } from 'vitest';
import { structsAsMaps } from './struct-literals.ts';

it.each([
  ['Object{spec: Object.spec{replicas: 1 + 2}}', '{"spec": {"replicas": 1 + 2}}'],
  [
    '[JSONPatch{op: "add", path: "/a", value: {"b": c{d: 1}}}]',
    '[{"op": "add", "path": "/a", "value": {"b": {"d": 1}}}]',
  ],
  ['a in {"x": 1} ? Object{} : Object{a: b ? c : d}', 'a in {"x": 1} ? {} : {"a": b ? c : d}'],
  ['\'Object{a: 1}\' + "b{c"', '\'Object{a: 1}\' + "b{c"'],
  ['Object{a: [x, y], b: f(z, {"k": v})}', '{"a": [x, y], "b": f(z, {"k": v})}'],
  ['Object{?a: x.?y, b: c ? d : e}', '{?"a": x.?y, "b": c ? d : e}'],
  ['Object { a : 1 } // Object{b: 2}', ' { "a" : 1 } // Object{b: 2}'],
])('%s', (expression, wanted) => {
  expect(structsAsMaps(expression).trim()).toBe(wanted.trim());
});
