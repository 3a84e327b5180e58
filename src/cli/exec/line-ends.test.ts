import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineEnds } from './line-ends.ts';

it('what a terminal made of line ends is undone, wherever it is cut', () => {
  const text = fc
    .array(fc.constantFrom('a', '\n', '\r', '\r\n', 'é'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (written, places) => {
      const shown = Buffer.from(written.replaceAll('\n', '\r\n'));
      const cuts = [
        0,
        ...places.map((place) => Math.min(place, shown.length)).sort((a, b) => a - b),
        shown.length,
      ];
      const lineEnds = new LineEnds();
      const pieces = cuts.slice(1).map((end, index) => lineEnds.take(shown.subarray(cuts[index], end)));
      const rest = lineEnds.rest();
      expect(Buffer.concat(rest === undefined ? pieces : [...pieces, rest]).toString()).toBe(written);
    }),
  );
});
