import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, longestLineBytes } from './line-splitter.ts';

function split(chunks: readonly Buffer[], isTerminal = false): string[] {
  const splitter = new LineSplitter(isTerminal);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.finish()];
}

describe('LineSplitter', () => {
  it('makes the same lines of the same bytes, however they are cut', () => {
    const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(50)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        expect(split(chunks)).toEqual(lines.map((text) => Buffer.from(text).toString()));
      }),
    );
  });

  it('gives the last line without its newline at the end', () => {
    expect(split([Buffer.from('a\nb')])).toEqual(['a', 'b']);
    expect(split([Buffer.from('a\n')])).toEqual(['a']);
    expect(split([])).toEqual([]);
  });

  it('splits long lines between characters', () => {
    const lines = split([Buffer.from(`x${'é'.repeat(longestLineBytes)}\nshort\n`)]);
    expect(lines.join('')).toBe(`x${'é'.repeat(longestLineBytes)}short`);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(longestLineBytes);
  });

  it('ends a terminal’s lines with CR LF', () => {
    expect(split([Buffer.from('a\r\nb\r\n')], true)).toEqual(['a', 'b']);
    expect(split([Buffer.from('a\r\n')])).toEqual(['a\r']);
  });
});
