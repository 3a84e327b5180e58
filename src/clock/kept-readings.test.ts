import { expect, it } from 'vitest';
import { KeptReadings, VirtualClock } from './index.ts';

function world(most = 10) {
  const clock = new VirtualClock(0);
  const read: string[] = [];
  const readings = new KeptReadings<number>(clock, most);
  const of = (name: string, atMostMs = 1_000) =>
    readings.of(name, atMostMs, async () => {
      const times = read.push(name);
      if (name === 'broken') throw new Error(`broken ${times}`);
      return times;
    });
  return { clock, read, of };
}

it('reads once for all who ask while it is good, and anew when it is older than they bear', async () => {
  const { clock, of } = world();
  expect(await Promise.all([of('a'), of('a')])).toEqual([1, 1]);
  await clock.advance(999);
  expect(await of('a')).toBe(1);
  expect(await of('a', 500)).toBe(2);
  await clock.advance(999);
  expect(await of('a')).toBe(2);
  await clock.advance(1);
  expect(await of('a')).toBe(3);
});

it('keeps no failure', async () => {
  const { of } = world();
  const [first, second] = await Promise.allSettled([of('broken'), of('broken')]);
  expect(second).toEqual(first);
  await expect(of('broken')).rejects.toThrow('broken 2');
});

it('has the oldest make room', async () => {
  const { read, of } = world(2);
  for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await of(name);
  expect(read).toEqual(['a', 'b', 'c', 'a']);
});
