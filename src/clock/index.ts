/**
 * Time and chance, as things that are passed in. The composition root makes one `Clock` and one `Random` and
 * hands them down; simulations and tests hand down a `VirtualClock` and a `seededRandom`, and so replay a day
 * of the whole control plane in moments, the same each time. Nothing else may ask the platform for the time, a
 * timer or a random number.
 */
export type { BackoffBounds } from './backoff.ts';
export { backoffMs } from './backoff.ts';
export type { Clock } from './clock.ts';
export type { Deadline } from './deadline.ts';
export { unlessAborted, withTimeout } from './deadline.ts';
export { alphanumeric, digits, hex, uuid } from './ids.ts';
export { KeptReadings } from './kept-readings.ts';
export type { Random } from './random.ts';
export { seededRandom } from './seeded-random.ts';
export type { SystemClockOptions } from './system-clock.ts';
export { systemClock } from './system-clock.ts';
export { systemRandom } from './system-random.ts';
export type { VirtualClockOptions } from './virtual-clock.ts';
export { VirtualClock } from './virtual-clock.ts';
