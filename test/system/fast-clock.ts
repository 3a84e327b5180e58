import { type Clock, systemClock } from '../../src/clock/index.ts';

/**
 * Real time that runs `speed` times faster: what takes a service five seconds takes a test a quarter of one, and
 * sockets, which know only real time, need nobody to tell them when to go on. It begins a little in the past, as
 * the SDK's clients sign with the machine's own clock and five minutes either way are allowed.
 */
export function fastClock(speed: number): Clock {
  const real = systemClock();
  const startMs = real.now() - 4 * 60_000;
  const startedMs = real.monotonic();
  const monotonic = (): number => (real.monotonic() - startedMs) * speed;
  return {
    now: () => startMs + Math.floor(monotonic()),
    monotonic,
    after: (delayMs, task) => real.after(delayMs / speed, task),
    sleep: (delayMs, signal) => real.sleep(delayMs / speed, signal),
  };
}
