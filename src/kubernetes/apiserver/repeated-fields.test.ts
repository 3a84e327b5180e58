import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../store/index.ts';
import { repeatedFields } from './repeated-fields.ts';

const found = (text: string) => repeatedFields(text, JSON.parse(text) as Json);

describe('repeatedFields', () => {
  it.each([
    ['{"a":1}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"spec":{"replicas":2,"replicas" : 3},"a":{"b":1},"c":{"b":1}}', ['spec.replicas']],
    ['{"l":[{"a":1},{"a":1,"b":[1,{"c":{},"c":{}}],"a":1}]}', ['l[1].b[1].c', 'l[1].a']],
    ['{"a":"\\"a\\":1,","a\\\\":1,"b":"\\\\","a\\\\":2}', ['a\\']],
    ['[{"op":1},{"op":1,"op":2}]', ['[1].op']],
    ['{"a":{"x":1,"x":2},"a":{"x":1}}', ['a.x', 'a']],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
    ['"a"', []],
    [`${'['.repeat(9_000)}{"a":1}${']'.repeat(9_000)}`, []],
  ])('of %s', (text, repeated) => {
    expect(found(text)).toEqual(repeated);
  });

  it('are none of what was printed from a value', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2), (text, space) => {
        expect(found(JSON.stringify(JSON.parse(text), undefined, space))).toEqual([]);
      }),
    );
  });
});
