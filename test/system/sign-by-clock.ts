import type { Clock } from '../../src/clock/index.ts';

/**
 * Lets an SDK client sign with the time of `clock`: a system's own runs ahead of the machine's, sooner or later by more
 * than the five minutes that a signature is good for. The client would put its own measure of the difference there.
 */
export function signByClock(config: object, clock: Clock): void {
  Object.defineProperty(config, 'systemClockOffset', { get: () => clock.now() - Date.now(), set: () => {} });
}
