import { expect, it } from 'vitest';
import { MountBackOff } from './mount-back-off.ts';

it('tells at once, after half a second, and then half as often each time, at least every 2 minutes and 2 seconds', () => {
  const backOff = new MountBackOff();
  const told: number[] = [];
  for (let nowMs = 0; nowMs <= 380_000; nowMs += 100) if (backOff.isDue(nowMs)) told.push(nowMs);
  const gaps = told.slice(1).map((nowMs, at) => nowMs - (told[at] ?? 0));
  expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 122_000, 122_000]);
});
