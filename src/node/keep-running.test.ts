import { describe, expect, test } from 'vitest';
import { seededRandom, VirtualClock } from '../clock/index.ts';
import { recordingLog } from '../log.ts';
import { keepRunning } from './keep-running.ts';

describe('a loop that is kept running', () => {
  test.each<[string, () => Promise<void>]>([
    ['fails', () => Promise.reject(new Error('boom'))],
    ['ends by itself', () => Promise.resolve()],
  ])('is begun again with growing pauses when it %s, until the signal aborts', async (_name, loop) => {
    const clock = new VirtualClock(0);
    const log = recordingLog();
    const abort = new AbortController();
    let runs = 0;
    const running = keepRunning(
      'watch',
      () => {
        runs += 1;
        return loop();
      },
      { clock, random: seededRandom(1), log, signal: abort.signal },
    );
    await clock.runUntil(() => runs === 3, { deadlineMs: 5_000 });
    await clock.advance(600_000);
    expect(runs).toBeLessThan(60);
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { part: 'watch' } });
    abort.abort();
    await running;
    expect(clock.pendingTimers).toBe(0);
  });
});
