import { expect, it, vi } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { openWhenPossible } from './open-when-possible.ts';

/** What can be opened after so many failures. */
function openedAfter(failures: number) {
  const told: string[] = [];
  const clock = new VirtualClock(0);
  const open = async () => {
    if (failures-- > 0) throw new Error('EADDRINUSE');
    told.push('opened');
    return { [Symbol.asyncDispose]: async () => void told.push('closed') };
  };
  const failed = (error: unknown) => told.push(String(error));
  return { told, clock, opened: openWhenPossible(open, { clock, failed }) };
}

it('is opened once that can be done, and closed in the end', async () => {
  const { told, clock, opened } = openedAfter(2);
  await opened.tried;
  expect(told).toEqual(['Error: EADDRINUSE']);
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(told.at(-1)).toBe('opened');
  });
  await opened[Symbol.asyncDispose]();
  expect(told).toEqual(['Error: EADDRINUSE', 'Error: EADDRINUSE', 'opened', 'closed']);
});

it('has been tried when it is open, or not wanted while it opens', async () => {
  const { told, opened } = openedAfter(0);
  await opened.tried;
  expect(told).toEqual(['opened']);
  await opened[Symbol.asyncDispose]();
  const open = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const failed = (error: unknown) => told.push(String(error));
  const waiting = openWhenPossible(open, { clock: new VirtualClock(0), failed });
  await waiting[Symbol.asyncDispose]();
  await waiting.tried;
  expect(told).toEqual(['opened', 'closed']);
});

it('is not tried any more once nobody wants it', async () => {
  const { told, clock, opened } = openedAfter(Number.POSITIVE_INFINITY);
  await opened.tried;
  await opened[Symbol.asyncDispose]();
  await clock.advance(60_000);
  expect(told).toHaveLength(1);
});
