import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { withTimeout } from './deadline.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('withTimeout', () => {
  it('aborts in time, with a TimeoutError', async () => {
    const clock = new VirtualClock(0);
    using deadline = withTimeout(clock, 5_000);
    await clock.advance(4_999);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError', message: 'Gave up after 5000 ms' });
  });

  it('waits once more when the process stood still as the time was over', async () => {
    const clock = new VirtualClock(0);
    let stoodStillMs = 0;
    const late: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + stoodStillMs,
      after: (ms, task) => clock.after(ms, task),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    using deadline = withTimeout(late, 5_000);
    stoodStillMs = 3_000;
    await clock.advance(9_999);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.aborted).toBe(true);
    using disposed = withTimeout(late, 5_000);
    stoodStillMs = 6_000;
    await clock.advance(5_000);
    disposed[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  it('aborts with its parent, also with one that has aborted before', () => {
    const clock = new VirtualClock(0);
    const parent = new AbortController();
    using early = withTimeout(clock, 5_000, parent.signal);
    parent.abort('stop');
    using late = withTimeout(clock, 5_000, parent.signal);
    expect([early.signal.reason, late.signal.reason]).toEqual(['stop', 'stop']);
  });

  it('leaves nothing behind when disposed of', async () => {
    const clock = new VirtualClock(0);
    const parent = new AbortController();
    const deadline = withTimeout(clock, 5_000, parent.signal);
    deadline[Symbol.dispose]();
    parent.abort();
    await clock.advance(10_000);
    expect(deadline.signal.aborted).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
