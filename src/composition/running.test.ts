import { expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { untilReady } from './running.ts';

it('is ready when all is there, and does not wait for what does not come', async () => {
  const clock = new VirtualClock(0);
  const { signal } = new AbortController();
  const takes = async (isReady: () => boolean): Promise<number> => {
    const began = clock.monotonic();
    let endedAt: number | undefined;
    const waiting = untilReady(isReady, clock, signal).then(() => {
      endedAt = clock.monotonic();
    });
    await clock.advance(60_000);
    await waiting;
    return (endedAt ?? Number.NaN) - began;
  };
  expect(await takes(() => clock.monotonic() >= 100)).toBe(100);
  expect(await takes(() => false)).toBe(10_000);
});
