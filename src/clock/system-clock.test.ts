import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from './system-clock.ts';

describe('systemClock', () => {
  it('runs a timer after its delay, and a cancelled one never', async () => {
    const clock = systemClock({ keepsProcessAlive: true });
    const startedMs = clock.monotonic();
    const cancelled = vi.fn();
    clock.after(1, cancelled)[Symbol.dispose]();
    await clock.sleep(20);
    expect(clock.monotonic() - startedMs).toBeGreaterThanOrEqual(20);
    expect(cancelled).not.toHaveBeenCalled();
  });

  it('waits for longer than the platform can count', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const ran = vi.fn();
      const fortyDaysMs = 40 * 24 * 3_600_000;
      systemClock().after(fortyDaysMs, ran);
      vi.advanceTimersByTime(fortyDaysMs - 1);
      expect(ran).not.toHaveBeenCalled();
      vi.advanceTimersByTime(2);
      expect(ran).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps the process alive only if told to', () => {
    const run = (options: string, delayMs: number): string => {
      const script = `
        import { systemClock } from ${JSON.stringify(new URL('./system-clock.ts', import.meta.url).href)};
        systemClock(${options}).after(${delayMs}, () => process.stdout.write('ran'));
      `;
      return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        timeout: 60_000,
      }).stdout.toString();
    };
    // Longer than a process takes to end where it is interrupted.
    expect(run('', 30_000)).toBe('');
    expect(run('{ keepsProcessAlive: true }', 20)).toBe('ran');
  });

  it('ends a sleep with the reason of its signal', async () => {
    const clock = systemClock();
    const controller = new AbortController();
    const asleep = clock.sleep(60_000, controller.signal);
    controller.abort(new Error('woken'));
    await expect(asleep).rejects.toThrow('woken');
  });
});
