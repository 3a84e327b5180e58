import { describe, expect, it } from 'vitest';
import { nextMove } from './zone-rebalancing.ts';

/** `'a3 b1 c0'`: tasks by zone; in parentheses zones where no more can be started. */
function written(text: string, atMost = 100): string {
  const tasks: { availabilityZone: string }[] = [];
  const zones: string[] = [];
  for (const [, isClosed, zone = '', count] of text.matchAll(/(\(?)([a-z])(\d+)\)?/g)) {
    if (isClosed === '') zones.push(zone);
    for (let made = 0; made < Number(count); made += 1) tasks.push({ availabilityZone: zone });
  }
  const move = nextMove(tasks, zones, atMost);
  return move === undefined ? '' : `${move.count} ${move.from}>${move.to}`;
}

describe('the next move', () => {
  it.each([
    ['of equal zones', 'a2 b2', ''],
    ['of zones that differ by one', 'a2 b1 c1', ''],
    ['of fewer tasks than zones', 'a1 b0 c0', ''],
    ['fills an empty zone', 'a4 b0', '2 a>b'],
    ['takes from the richest and gives to the poorest', 'a3 b5 c1', '2 b>c'],
    ['takes from a zone where no more can be started', '(a4) b1', '1 a>b'],
    ['gives nothing to such a zone', 'a4 (b0)', ''],
    ['of a service without tasks', 'a0 b0', ''],
    ['without zones', '(a3)', ''],
  ])('%s: %s', (_sentence, text, move) => {
    expect(written(text)).toBe(move);
  });

  it('is no more than there is room for', () => {
    expect(written('a9 b1', 1)).toBe('1 a>b');
    expect(written('a9 b1', 0)).toBe('');
  });
});
