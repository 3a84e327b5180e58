import { describe, expect, it } from 'vitest';
import { FairSeats } from './fair-seats.ts';

const { signal } = new AbortController();

/** Takes as many seats; those that were got so far, in order. */
function crowd(seats: FairSeats, username: string, count: number, got: (readonly [string, Disposable])[]) {
  return Array.from({ length: count }, () =>
    seats.take(username, signal).then((seat) => void got.push([username, seat])),
  );
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('seats', () => {
  it('are not all taken by one user', async () => {
    const seats = new FairSeats();
    const got: (readonly [string, Disposable])[] = [];
    crowd(seats, 'flood', 200, got);
    await settled();
    expect(got).toHaveLength(96);
    using _ = await seats.take('other', signal);
  });

  it('go round when all are taken', async () => {
    const seats = new FairSeats();
    const got: (readonly [string, Disposable])[] = [];
    crowd(seats, 'flood', 200, got);
    crowd(seats, 'other', 60, got);
    await settled();
    expect(got).toHaveLength(128);
    for (const [, seat] of got.splice(0, 20)) seat[Symbol.dispose]();
    await settled();
    const later = got.slice(108).map(([username]) => username);
    expect(later.filter((it) => it === 'other').length).toBeGreaterThanOrEqual(10);
  });

  it('are not waited for without end', async () => {
    const seats = new FairSeats();
    crowd(seats, 'flood', 96 + 512, []);
    await expect(seats.take('flood', signal)).rejects.toMatchObject({
      ...{ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } },
    });
  });

  it('are left by who waits no longer, and given back', async () => {
    const seats = new FairSeats();
    const got: (readonly [string, Disposable])[] = [];
    crowd(seats, 'one', 96, got);
    await settled();
    const ending = new AbortController();
    const waiting = seats.take('one', ending.signal);
    ending.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    for (const [, seat] of got) seat[Symbol.dispose]();
    using _ = await seats.take('one', signal);
  });

  it('are forgotten with the user who neither has one nor waits', async () => {
    const seats = new FairSeats();
    const got: (readonly [string, Disposable])[] = [];
    crowd(seats, 'one', 64, got);
    crowd(seats, 'two', 64, got);
    await settled();
    const ending = new AbortController();
    const waiting = seats.take('three', ending.signal);
    expect(seats.users).toBe(3);
    ending.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(seats.users).toBe(2);
    for (const [, seat] of got) seat[Symbol.dispose]();
    expect(seats.users).toBe(0);
  });
});
