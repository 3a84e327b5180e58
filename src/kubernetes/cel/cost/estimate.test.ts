import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSchema } from '../../custom-resources/schema/schema.ts';
import type { JsonObject } from '../../objects/object.ts';
import { CelEnvironment } from '../environment.ts';
import { declareTypes } from '../schema-types.ts';
import { sizedType } from './sizes.ts';

/** What a rule about a value of a schema may cost. */
function cost(schema: JsonObject, rule: string): number {
  const read = readSchema(schema);
  let name = 'dyn';
  const environment = CelEnvironment.open((it) => {
    name = declareTypes(it, read, 'Object').get(read)?.name ?? 'dyn';
    it.registerVariable('self', name).registerVariable('oldSelf', name);
  });
  const type = sizedType(read);
  if (type === undefined) throw new Error('Rules do not see such a value');
  return environment.compile(rule, ['bool']).cost(type);
}

type Bounded = (most: number | undefined) => JsonObject;
const bound = (name: string, most: number | undefined): JsonObject =>
  most === undefined ? {} : { [name]: most };

const text: Bounded = (most) => ({ type: 'string', ...bound('maxLength', most) });
const bytes: Bounded = (most) => ({ ...text(most), format: 'byte' });
const listOf =
  (items: JsonObject): Bounded =>
  (most) => ({ type: 'array', items, ...bound('maxItems', most) });
const mapOf =
  (additionalProperties: JsonObject): Bounded =>
  (most) => ({ type: 'object', additionalProperties, ...bound('maxProperties', most) });
const texts: Bounded = (most) => listOf(text(most))(most);
const [number, boolean, integer] = ['number', 'boolean', 'integer'].map((type) => ({ type }));
const intOrString = { 'x-kubernetes-int-or-string': true };
const format = (name: string) => ({ type: 'string', format: name });
const required = { type: 'object', properties: { required: { type: 'string' } }, required: ['required'] };

describe('what a rule is estimated to cost', () => {
  // As `TestCostEstimation` of apiextensions-apiserver has it: without a bound, and with one.
  it.each<[rule: string, schema: Bounded, unbound: number, most: number, bound: number]>([
    ['self.all(x, true)', listOf(number as JsonObject), 4_718_591, 10, 32],
    ['self.all(x, true)', mapOf(number as JsonObject), 1_348_169, 10, 32],
    ['self.all(x, true)', mapOf(text(undefined)), 1_179_647, 3, 11],
    ['self.all(x, true)', mapOf(boolean as JsonObject), 943_718, 100, 302],
    ['self.all(x, true)', listOf(intOrString), 4_718_591, 10, 32],
    ['self.all(x, true)', listOf(format('duration')), 2_359_295, 5, 17],
    ['self.all(x, true)', listOf(format('date')), 725_936, 15, 47],
    ['self.all(x, true)', listOf(format('date-time')), 428_963, 25, 77],
    ['self.all(x, true)', mapOf(intOrString), 1_348_169, 15, 47],
    ['self.all(x, true)', mapOf(required), 428_963, 20, 62],
    ['self.all(x, true)', mapOf(format('duration')), 1_048_577, 5, 17],
    ['self.all(x, true)', mapOf(format('date')), 524_288, 10, 32],
    ['self.all(x, true)', mapOf(format('date-time')), 349_526, 25, 77],
    ['has(self.x)', mapOf(number as JsonObject), 0, 100, 0],
    ["self.contains('test')", text, 314_574, 10, 5],
    ["self.startsWith('test')", text, 2, 15, 2],
    ["self.endsWith('test')", text, 2, 30, 2],
    ['size(self + "hello") > size("hello")', text, 314_578, 4, 7],
    ['self[1] == 0.0', listOf(number as JsonObject), 2, 5_000, 2],
    ['self[1] == self[1]', listOf(text(undefined)), 314_577, 8, 314_577],
    ['self.matches("x")', text, 314_574, 50, 22],
    ['"".matches("(((((((((())))))))))[0-9]")', text, 7, 10, 7],
    ['self.matches("")', text, 1, 100, 1],
    ['self.all(x, x.contains(self[x]))', mapOf(text(undefined)), 2_752_507, 10, 72],
    ['self == "x"', text, 2, 0, 1],
    ['self == b"x"', bytes, 2, 0, 1],
    ['self.all(x, x == 0.0)', listOf(number as JsonObject), 6_291_454, 3 * 1024 * 2048, 25_165_826],
    ['self[0] == 5', listOf(intOrString), 3, 10, 3],
    ['self[0] == false', listOf(boolean as JsonObject), 2, 25, 2],
    ['self[0][0] == -1.0', listOf(listOf(number as JsonObject)(undefined)), 3, 51, 3],
    ['self.all(x, x.y == 25.2)', listOf(mapOf(number as JsonObject)(undefined)), 6_291_452, 12, 74],
    ['self[0].x > 2.0', listOf(mapOf(number as JsonObject)(undefined)), 4, 3_000, 4],
    ['self[0].getHours() == 2', listOf(format('duration')), 4, 525, 4],
    ['self[2].getMinutes() == 45', listOf(format('date-time')), 4, 99, 4],
    ["self.find('[0-9]+') == ''", text, 629_147, 10, 11],
    ["self.join(' ') == 'aa bb'", texts, 329_853_068_905, 10, 43],
    ['self.isSorted() == true', texts, 329_854_432_052, 10, 52],
    ["self.lowerAscii() == 'lower!'", text, 314_575, 10, 6],
    ['oldSelf.size() == self.size()', mapOf(integer as JsonObject), 5, 10, 5],
    ['self["a"] == self["b"]', mapOf(format('date-time')), 8, 7, 8],
    ['self["c"] == self["d"]', mapOf(format('duration')), 8, 42, 8],
  ])('%s', (rule, schema, unbound, most, bound) => {
    expect([cost(schema(undefined), rule), cost(schema(most), rule)]).toEqual([unbound, bound]);
  });

  it.each([
    [2, 'self.all(x, self.all(y, true))', 352],
    [3, 'self.all(x, self.all(y, self.all(z, true)))', 3_552],
  ])('grows with each loop within another: %s', (_loops, rule, bound) => {
    const list = listOf(number as JsonObject);
    expect(cost(list(undefined), rule)).toBeGreaterThan(10_000_000);
    expect(cost(list(10), rule)).toBe(bound);
  });

  it('of what is replaced and split, by how long it becomes', () => {
    const parts = (most: number | undefined): JsonObject => ({
      type: 'object',
      properties: { str: text(most), before: text(2), after: text(4), separator: text(most) },
    });
    const replace = "self.str.replace(self.before, self.after) == 'does not matter'";
    expect([cost(parts(undefined), replace), cost(parts(4), replace)]).toEqual([629_154, 12]);
    const split = 'self.str.split(self.separator) == []';
    expect([cost(parts(undefined), split), cost(parts(10), split)]).toEqual([629_160, 22]);
  });

  it('of texts that are some of a few, by the longest', () => {
    const some: Bounded = (most) => ({ ...text(most), enum: ['A', 'B', 'C', 'LongValue'] });
    expect([cost(some(undefined), "self.contains('A')"), cost(some(1000), "self.contains('A')")]).toEqual([
      2, 401,
    ]);
  });

  it('never less where there may be more of something', () => {
    const rules = [
      'self.all(x, x.contains("a"))',
      'self.exists(x, self.exists_one(y, x + y == "ab"))',
      'self.map(x, x.upperAscii()).filter(y, y.matches("a+")).size() == 0',
      'self.all(i, x, i > 1 || x in self)',
      'cel.bind(all, self.join("-"), all.split("-").isSorted())',
      'self.transformList(i, x, x + string(i)).exists(y, y == "a1")',
      'sets.contains(self, ["a"]) ? self.max() == "b" : self.indexOf("c") == 1',
    ];
    const most = fc.nat(2_000);
    fc.assert(
      fc.property(fc.constantFrom(...rules), most, most, most, most, (rule, items, more, length, longer) => {
        const [small, large] = [
          cost(listOf(text(length))(items), rule),
          cost(listOf(text(length + longer))(items + more), rule),
        ];
        expect(large).toBeGreaterThanOrEqual(small);
        expect(cost(texts(undefined), rule)).toBeGreaterThanOrEqual(large);
      }),
      { numRuns: 60 },
    );
  });
});
