import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import type { PriorityLevel } from './flow-objects.ts';
import { entropyBits, handOf } from './hand.ts';
import { seatLimits } from './limits.ts';
import { Seats } from './seats.ts';

const level = (name: string, shares: number, more: Partial<PriorityLevel> = {}): PriorityLevel => ({
  ...{ name, uid: name, shares, lendablePercent: 0 },
  limited: {
    borrowingLimitPercent: 0,
    queuing: { queues: 16, handSize: 4, queueLengthLimit: 5 },
  },
  ...more,
});
const borrowing = (limit: number | undefined): Partial<PriorityLevel> => ({
  limited: {
    ...{ borrowingLimitPercent: limit, queuing: { queues: 16, handSize: 4, queueLengthLimit: 5 } },
  },
});
const stays = new AbortController().signal;

/** Takes seats, and remembers in which order flows got them. */
function world(total: number, levels: readonly PriorityLevel[]) {
  const clock = new VirtualClock(0);
  const seats = new Seats(total, clock);
  seats.configure(levels);
  const seated: { readonly flow: string; readonly level: string; readonly seat: Disposable }[] = [];
  const refused: unknown[] = [];
  const ask = (name: string, flow = 'one', signal = stays): void => {
    void (async () => {
      try {
        const seat = await seats.take({ level: name, id: () => flow }, () => signal);
        if (seat !== undefined) seated.push({ flow, level: name, seat });
      } catch (error) {
        refused.push(error);
      }
    })();
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const giveBack = async (place = 0): Promise<void> => {
    seated.splice(place, 1)[0]?.seat[Symbol.dispose]();
    await settled();
  };
  return { clock, seats, seated, refused, ask, settled, giveBack };
}

describe('seats', () => {
  it('are of each level by its shares, and not taken by others', async () => {
    const it = world(10, [level('low', 3), level('high', 2)]);
    for (let count = 0; count < 20; count++) it.ask('low');
    await it.settled();
    expect(it.seats.stateOf('low')).toEqual({ taken: 6, waiting: 14 });
    for (let count = 0; count < 4; count++) it.ask('high');
    await it.settled();
    expect(it.seats.stateOf('high')).toEqual({ taken: 4, waiting: 0 });
  });

  it('are lent while nobody wants them, and given back to who does', async () => {
    const it = world(10, [level('low', 1, borrowing(undefined)), level('high', 1, { lendablePercent: 60 })]);
    for (let count = 0; count < 20; count++) it.ask('low');
    await it.settled();
    expect(it.seats.stateOf('low').taken).toBe(8);
    for (let count = 0; count < 5; count++) it.ask('high');
    await it.settled();
    expect(it.seats.stateOf('high')).toEqual({ taken: 2, waiting: 3 });
    for (let count = 0; count < 3; count++) await it.giveBack();
    expect(it.seats.stateOf('high')).toEqual({ taken: 5, waiting: 0 });
    expect(it.seats.stateOf('low')).toEqual({ taken: 5, waiting: 12 });
  });

  it('are borrowed no further than a level may', async () => {
    const it = world(10, [level('low', 1, borrowing(40)), level('high', 1, { lendablePercent: 100 })]);
    for (let count = 0; count < 20; count++) it.ask('low');
    await it.settled();
    expect(it.seats.stateOf('low').taken).toBe(7);
  });

  it('are not needed where a level is exempt, and not given where it rejects', async () => {
    const rejecting = level('none', 0, { limited: { borrowingLimitPercent: 0, queuing: undefined } });
    const it = world(4, [level('all', 1), level('exempt', 0, { limited: undefined }), rejecting]);
    expect(it.seats.take({ level: 'exempt', id: () => 'x' }, () => stays)).toBeUndefined();
    it.ask('none');
    await it.settled();
    expect(it.refused).toMatchObject([
      { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } },
    ]);
  });

  it('go round the flows that wait', async () => {
    const it = world(1, [level('all', 1)]);
    it.ask('all', 'first');
    for (let count = 0; count < 20; count++) it.ask('all', 'flood');
    it.ask('all', 'other');
    await it.settled();
    const called: (string | undefined)[] = [];
    for (let count = 0; count < 5; count++) {
      await it.giveBack();
      called.push(it.seated[0]?.flow);
    }
    // Who floods waits in four queues; who comes last waits behind one of each.
    expect(called).toEqual(['flood', 'flood', 'flood', 'flood', 'other']);
  });

  it('are waited for by so many of a flow, and for so long', async () => {
    const it = world(1, [level('all', 1)]);
    for (let count = 0; count < 1 + 4 * 5 + 2; count++) it.ask('all', 'flood');
    await it.settled();
    expect([it.seats.stateOf('all').waiting, it.refused.length]).toEqual([20, 2]);
    await it.clock.advance(15_000);
    await it.settled();
    expect([it.seats.stateOf('all').waiting, it.refused.length]).toEqual([0, 22]);
    await it.giveBack();
    it.ask('all');
    await it.settled();
    expect(it.seated).toHaveLength(1);
  });

  it('are left by who waits no longer', async () => {
    const it = world(1, [level('all', 1)]);
    const ending = new AbortController();
    it.ask('all');
    it.ask('all', 'gone', ending.signal);
    await it.settled();
    ending.abort(new Error('gone'));
    await it.settled();
    expect([it.seats.stateOf('all'), it.refused]).toEqual([{ taken: 1, waiting: 0 }, [new Error('gone')]]);
  });

  it('are found by who waits when a level has more, or is no more', async () => {
    const it = world(4, [level('a', 1), level('b', 3)]);
    for (let count = 0; count < 3; count++) it.ask('a');
    await it.settled();
    expect(it.seats.stateOf('a')).toEqual({ taken: 1, waiting: 2 });
    it.seats.configure([level('a', 1), level('b', 1)]);
    await it.settled();
    expect(it.seats.stateOf('a')).toEqual({ taken: 2, waiting: 1 });
    it.seats.configure([level('b', 1, { lendablePercent: 100 })]);
    await it.settled();
    expect(it.seats.stateOf('a')).toEqual({ taken: 3, waiting: 0 });
    for (let count = 0; count < 3; count++) await it.giveBack();
    for (let count = 0; count < 4; count++) it.ask('b');
    await it.settled();
    expect(it.seats.stateOf('b')).toEqual({ taken: 4, waiting: 0 });
  });

  it('are neither lost nor too many, whatever happens', async () => {
    const names = ['a', 'b', 'c'];
    const anyLevels = fc.tuple(
      ...names.map((name) =>
        fc
          .record({
            shares: fc.nat(10),
            lendable: fc.integer({ min: 0, max: 100 }),
            limit: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
            isThere: fc.boolean(),
          })
          .map(({ shares, lendable, limit, isThere }) =>
            isThere ? [level(name, shares, { ...borrowing(limit), lendablePercent: lendable })] : [],
          ),
      ),
    );
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ ask: fc.constantFrom(...names), flow: fc.constantFrom('x', 'y', 'z') }),
      },
      { weight: 4, arbitrary: fc.record({ back: fc.nat(30) }) },
      { weight: 1, arbitrary: fc.record({ levels: anyLevels }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        anyLevels,
        fc.array(step, { maxLength: 60 }),
        async (total, first, steps) => {
          let levels: readonly PriorityLevel[] = first.flat();
          const it = world(total, levels);
          for (const next of steps) {
            if ('ask' in next) {
              if (levels.some(({ name }) => name === next.ask)) it.ask(next.ask, next.flow);
            } else if ('back' in next) {
              if (it.seated.length > 0) await it.giveBack(next.back % it.seated.length);
            } else {
              levels = next.levels.flat();
              it.seats.configure(levels);
            }
            await it.settled();
            const limits = seatLimits(total, levels);
            const states = new Map(names.map((name) => [name, it.seats.stateOf(name)]));
            const taken = [...states.values()].reduce((sum, state) => sum + state.taken, 0);
            expect(taken).toBe(it.seated.length);
            // Who waits does so because there is no seat for him.
            for (const { name } of levels) {
              const { nominal = 0, least = 0, most = 0 } = limits.get(name) ?? {};
              const { taken: own = 0, waiting = 0 } = states.get(name) ?? {};
              if (waiting === 0) continue;
              expect(own).toBeGreaterThanOrEqual(Math.min(least, most, nominal));
            }
          }
          for (let count = 0; count < 500 && it.seated.length > 0; count++) await it.giveBack();
          for (const name of names) {
            const { taken, waiting } = it.seats.stateOf(name);
            expect(taken).toBe(0);
            const { most = 0, least = 0 } = seatLimits(total, levels).get(name) ?? {};
            const lent =
              total - [...seatLimits(total, levels).values()].reduce((sum, { least: own }) => sum + own, 0);
            if (levels.some((it) => it.name === name) && most > 0 && (least > 0 || lent > 0))
              expect(waiting).toBe(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the limits of levels', () => {
  it('are upstream’s of its own levels', () => {
    const limits = seatLimits(600, [
      level('system', 30, { lendablePercent: 33, ...borrowing(undefined) }),
      level('workload-low', 100, { lendablePercent: 90 }),
      level('catch-all', 5),
      level('others', 110),
    ]);
    expect(limits.get('system')).toEqual({ nominal: 74, least: 50, most: 674 });
    expect(limits.get('workload-low')).toEqual({ nominal: 245, least: 24, most: 245 });
    expect(limits.get('catch-all')).toEqual({ nominal: 13, least: 13, most: 13 });
  });

  it('are at least what there is where anybody has shares', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }),
        (total, shares) => {
          const limits = [
            ...seatLimits(
              total,
              shares.map((it, index) => level(String(index), it)),
            ).values(),
          ];
          const nominal = limits.reduce((sum, it) => sum + it.nominal, 0);
          expect(nominal).toBeGreaterThanOrEqual(total);
          expect(nominal).toBeLessThan(total + shares.length);
        },
      ),
    );
  });
});

describe('a hand of queues', () => {
  it('is always the same, of different queues that there are', () => {
    const anyDeck = fc
      .record({ queues: fc.integer({ min: 1, max: 10_000_000 }), handSize: fc.integer({ min: 1, max: 15 }) })
      .filter(({ queues, handSize }) => handSize <= queues && entropyBits(queues, handSize) <= 60);
    fc.assert(
      fc.property(fc.string(), anyDeck, (flow, deck) => {
        const hand = handOf(flow, { ...deck, queueLengthLimit: 1 });
        expect(hand).toEqual(handOf(flow, { ...deck, queueLengthLimit: 1 }));
        expect(new Set(hand).size).toBe(deck.handSize);
        expect(hand.every((queue) => Number.isInteger(queue) && queue >= 0 && queue < deck.queues)).toBe(
          true,
        );
      }),
    );
  });

  it('differs from flow to flow', () => {
    const deck = { queues: 128, handSize: 6, queueLengthLimit: 50 };
    const hands = Array.from({ length: 200 }, (_, index) =>
      handOf(`global-default/${index}`, deck)
        .toSorted((a, b) => a - b)
        .join(),
    );
    expect(new Set(hands).size).toBe(200);
  });
});
