import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('jumps as when somebody sets the machine’s clock: nothing falls due by that', async () => {
    const clock = new VirtualClock(10_000);
    let runs = 0;
    clock.after(1_000, () => runs++);
    clock.jump(5_000);
    expect([clock.now(), clock.monotonic(), runs]).toEqual([15_000, 0, 0]);
    clock.jump(-9_000);
    await clock.advance(1_000);
    expect([clock.now(), clock.monotonic(), runs]).toEqual([7_000, 1_000, 1]);
  });

  it('stands still until it is moved', async () => {
    const clock = new VirtualClock(1_000);
    const asleep = clock.sleep(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.now(), clock.monotonic(), clock.pendingTimers]).toEqual([1_000, 0, 1]);
    await clock.advance(1);
    await asleep;
    expect([clock.now(), clock.monotonic(), clock.pendingTimers]).toEqual([1_001, 1, 0]);
  });

  it('runs timers by due time, then by age, showing each its own time', async () => {
    const clock = new VirtualClock(0);
    const ran: [string, number][] = [];
    const at = (delayMs: number, name: string) => clock.after(delayMs, () => ran.push([name, clock.now()]));
    at(30, 'c');
    at(10, 'a');
    at(20, 'b1');
    at(20, 'b2');
    at(-5, 'at once');
    await clock.advance(25);
    expect(ran).toEqual([
      ['at once', 0],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
    ]);
    expect(clock.now()).toBe(25);
    await clock.advance(5);
    expect(ran.at(-1)).toEqual(['c', 30]);
  });

  it('carries on what a timer set going before it runs the next', async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(10);
        for (let step = 0; step < 20; step++) await Promise.resolve();
        seen.push(`worked at ${clock.now()}`);
      }
    };
    clock.after(15, () => seen.push('15'));
    const working = worker();
    await clock.advance(100);
    await working;
    expect(seen).toEqual(['worked at 10', '15', 'worked at 20', 'worked at 30']);
  });

  it('runs timers that timers make, within the same move', async () => {
    const clock = new VirtualClock(0);
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.after(1, tick);
    };
    clock.after(1, tick);
    await clock.advance(50);
    expect(ticks).toBe(50);
  });

  it('does not run what was cancelled', async () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    clock.after(10, () => {
      ran.push('a');
      b[Symbol.dispose]();
    });
    const b = clock.after(10, () => ran.push('b'));
    const c = clock.after(5, () => ran.push('c'));
    c[Symbol.dispose]();
    c[Symbol.dispose]();
    await clock.advance(20);
    expect(ran).toEqual(['a']);
  });

  it('ends a sleep with the reason of its signal, and leaves no timer', async () => {
    const clock = new VirtualClock(0);
    const controller = new AbortController();
    const asleep = clock.sleep(1_000, controller.signal);
    controller.abort(new Error('woken'));
    await expect(asleep).rejects.toThrow('woken');
    await expect(clock.sleep(1_000, controller.signal)).rejects.toThrow('woken');
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs until a state is reached and no further', async () => {
    const clock = new VirtualClock(0);
    let count = 0;
    const counting = (async () => {
      for (;;) {
        await clock.sleep(1_000);
        count++;
      }
    })();
    await clock.runUntil(() => count === 3, { deadlineMs: 60_000 });
    expect(clock.now()).toBe(3_000);
    await clock.runUntil(() => count === 3, { deadlineMs: 0 });
    await expect(
      clock.runUntil(() => count === 100, { deadlineMs: 10_000, seen: () => ({ count }) }),
    ).rejects.toThrow(/within 10000 ms of virtual time: .*count === 100; last seen: {"count":13}/);
    expect(clock.now()).toBe(13_000);
    expect(counting).toBeInstanceOf(Promise);
  });

  it('refuses to be moved twice at a time, and by what is not a number', async () => {
    const clock = new VirtualClock(0);
    const moving = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow('being moved already');
    await moving;
    await expect(clock.advance(Number.NaN)).rejects.toThrow(TypeError);
    expect(() => clock.after(Number.NaN, () => {})).toThrow(TypeError);
  });
});
