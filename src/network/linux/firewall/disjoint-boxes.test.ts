import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, disjointBoxes, type Range } from './disjoint-boxes.ts';

const anyRange: fc.Arbitrary<Range> = fc
  .tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }))
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)]);
const anyBoxes = fc.array(fc.tuple(anyRange, anyRange, anyRange), { maxLength: 6 });

function* points(): Generator<readonly number[]> {
  for (let x = 0; x < 6; x++) for (let y = 0; y < 6; y++) for (let z = 0; z < 6; z++) yield [x, y, z];
}

function holds(box: Box, point: readonly number[]): boolean {
  return box.every(([first, last], dimension) => {
    const at = point[dimension] ?? Number.NaN;
    return first <= at && at <= last;
  });
}

describe('disjointBoxes', () => {
  it('holds every point of the boxes once, and no other', () => {
    fc.assert(
      fc.property(anyBoxes, (boxes) => {
        const result = disjointBoxes(boxes);
        const wrong = [...points()].filter((point) => {
          const expected = boxes.some((box) => holds(box, point)) ? 1 : 0;
          return result.filter((box) => holds(box, point)).length !== expected;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('is the same for the same points, however they are described', () => {
    fc.assert(
      fc.property(anyBoxes, fc.nat(), (boxes, turn) => {
        const at = boxes.length === 0 ? 0 : turn % boxes.length;
        const turned = [...boxes.slice(at), ...boxes.slice(0, at), ...boxes.slice(0, 1)];
        expect(disjointBoxes(turned)).toEqual(disjointBoxes(boxes));
        expect(disjointBoxes(disjointBoxes(boxes))).toEqual(disjointBoxes(boxes));
      }),
    );
  });

  it('joins what touches', () => {
    expect(disjointBoxes([[[0, 4]], [[5, 9]], [[11, 12]]])).toEqual([[[0, 9]], [[11, 12]]]);
  });
});
