import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Timer, TimerHeap } from './timer-heap.ts';

describe('TimerHeap', () => {
  it('gives timers by due time, then by age, without those that were cancelled', () => {
    const wish = fc.record({ dueMs: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 200 }), (wishes) => {
        const heap = new TimerHeap();
        const timers = wishes.map(({ dueMs }, sequence): Timer => {
          const timer = { dueMs, sequence, task: () => {}, isCancelled: false };
          heap.add(timer);
          return timer;
        });
        const kept = timers.filter((timer, place) => {
          if (wishes[place]?.isCancelled) heap.cancel(timer);
          return !wishes[place]?.isCancelled;
        });
        expect(heap.size).toBe(kept.length);
        const taken: Timer[] = [];
        for (let next = heap.take(); next !== undefined; next = heap.take()) taken.push(next);
        expect(taken).toEqual(
          kept.sort((one, other) => one.dueMs - other.dueMs || one.sequence - other.sequence),
        );
        expect(heap.size).toBe(0);
      }),
    );
  });

  it('lets a timer be cancelled after it was taken, and twice', () => {
    const heap = new TimerHeap();
    const timers = [1, 2].map(
      (dueMs): Timer => ({ dueMs, sequence: dueMs, task: () => {}, isCancelled: false }),
    );
    for (const timer of timers) heap.add(timer);
    const first = heap.take();
    if (first) heap.cancel(first);
    expect(heap.size).toBe(1);
    for (const timer of timers) heap.cancel(timer);
    expect([heap.size, heap.peek()]).toEqual([0, undefined]);
  });
});
