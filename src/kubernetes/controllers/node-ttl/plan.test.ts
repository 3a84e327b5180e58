import { expect, it } from 'vitest';
import { secondsOf, stepFor } from './plan.ts';

it.each([
  [1, 0, 0],
  [100, 0, 0],
  [101, 0, 15],
  [95, 1, 15],
  [89, 1, 0],
  [5_000, 0, 300],
  [20_000, 0, 600],
  [0, 5, 0],
])('%i nodes after step %i: %i s', (nodes, step, seconds) => {
  expect(secondsOf(stepFor(nodes, step))).toBe(seconds);
});
