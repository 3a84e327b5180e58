import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinCommand, splitCommand } from './command-line.ts';

describe('commands on one line', () => {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['/bin/sh', ['/bin/sh']],
    ['  ls   -l\t/tmp ', ['ls', '-l', '/tmp']],
    ["sh -c 'echo $HOME; exit 3'", ['sh', '-c', 'echo $HOME; exit 3']],
    ['sh -c "echo \\"a b\\" \\$X \\n"', ['sh', '-c', 'echo "a b" $X \\n']],
    ['a\\ b c\\\\d', ['a b', 'c\\d']],
    [`a''b""c ''`, ['abc', '']],
    [`'it'\\''s'`, ["it's"]],
  ];
  for (const [line, words] of lines) {
    it(`reads ${line}`, () => expect(splitCommand(line)).toEqual(words));
  }

  for (const line of ["echo 'a", 'echo "a', 'echo "a\\"', 'echo \\', '', '  ']) {
    it(`does not read ${JSON.stringify(line)}`, () => expect(() => splitCommand(line)).toThrow(SyntaxError));
  }

  it('reads the words that were joined', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (words) => {
        expect(splitCommand(joinCommand(words))).toEqual(words);
      }),
    );
  });
});
