import { describe, expect, it } from 'vitest';
import { CelEnvironment } from './environment.ts';

const environment = CelEnvironment.open((it) => it.registerVariable('a', 'dyn'));
const operands =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

type Fault = readonly [column: number, text: string];

/** In the words that cel-go's own tests and those of Kubernetes expect. */
const cases: readonly (readonly [expression: string, ...faults: readonly Fault[]])[] = [
  ['', [1, `mismatched input '<EOF>' ${operands}`]],
  ['a >', [4, `mismatched input '<EOF>' ${operands}`]],
  ['a.all(n, n >', [13, `mismatched input '<EOF>' ${operands}`]],
  ['0xFF >', [7, `mismatched input '<EOF>' ${operands}`]],
  ['a.', [3, "no viable alternative at input '.'"]],
  ["'asdf'.contains('x'", [20, "missing ')' at '<EOF>'"]],
  ['(a', [3, "missing ')' at '<EOF>'"]],
  ["{'a': 1", [8, "mismatched input '<EOF>' expecting {'}', ','}"]],
  ['(a))', [4, "extraneous input ')' expecting <EOF>"]],
  ['a b', [3, "extraneous input 'b' expecting <EOF>"]],
  ['(a){}', [4, "mismatched input '{' expecting <EOF>"]],
  ["a = 'test'", [3, "token recognition error at: '= '"], [5, "extraneous input ''test'' expecting <EOF>"]],
  ['*@a', [1, `extraneous input '*' ${operands}`], [2, "token recognition error at: '@'"]],
  ["a == 'b", [6, "token recognition error at: ''b'"], [8, `mismatched input '<EOF>' ${operands}`]],
];

describe('what is no expression is refused in the words of cel-go', () => {
  it.each(cases.map(([expression, ...faults]) => ({ expression, faults })))(
    '$expression',
    ({ expression, faults }) => {
      const told = faults.map(
        ([column, text]) =>
          `ERROR: <input>:1:${column}: Syntax error: ${text}\n | ${expression}\n | ${'.'.repeat(column - 1)}^`,
      );
      let message = '';
      try {
        environment.compile(expression, []);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toBe(`compilation failed: ${told.join('\n')}`);
    },
  );
});

it('a long text that is nothing but faults is refused in a message of a size to read', () => {
  expect(() => environment.compile('@'.repeat(20_000), [])).toThrow(/^.{0,1000000}$/s);
  expect(() => environment.compile('@'.repeat(20_000), [])).toThrow("token recognition error at: '@'");
});
