import { describe, expect, it } from 'vitest';
import { seededRandom } from './clock/index.ts';
import { type Correlated, EventCorrelation } from './event-correlation.ts';

const told = (message: string) => ({ type: 'Normal', reason: 'Made', message }) as const;

describe('events of an object', () => {
  /** Tells, and writes what is to be written. */
  function teller() {
    const correlation = new EventCorrelation();
    return (message: string, now = 0, object = 'a'): Correlated | undefined => {
      const next = correlation.next(object, told(message), now);
      if (next?.as === 'new') correlation.wrote(next.id, `event of ${message}`);
      return next;
    };
  }

  it('that say the same are one that counts', () => {
    const tell = teller();
    expect(tell('x')).toMatchObject({ as: 'new', message: 'x' });
    expect(tell('x')).toMatchObject({ as: 'again', count: 2, name: 'event of x' });
    expect(tell('x')).toMatchObject({ as: 'again', count: 3 });
  });

  it('have names in the order in which they were told, also within a millisecond', () => {
    const correlation = new EventCorrelation();
    const random = seededRandom(1);
    const names = [5, 5, 5, 6, 6, 7, 7, 7].map((at) =>
      correlation.nameOf('a', 1_795_744_345_000 + at, random),
    );
    expect(new Set(names).size).toBe(8);
    expect(names.toSorted()).toEqual(names);
  });

  it('that say nearly the same are one from the tenth on', () => {
    const tell = teller();
    for (let at = 1; at < 10; at++) expect(tell(`pod ${at}`)?.as).toBe('new');
    expect(tell('pod 10')).toMatchObject({ as: 'new', message: '(combined from similar events): pod 10' });
    expect(tell('pod 11')).toMatchObject({
      ...{ as: 'again', count: 2, name: 'event of pod 10' },
      message: '(combined from similar events): pod 11',
    });
  });

  it('are no more than 25 at once, and then one in five minutes', () => {
    const tell = teller();
    const written = Array.from({ length: 40 }, () => tell('x')).filter((it) => it !== undefined);
    expect(written).toHaveLength(25);
    expect(tell('x', 299_000)).toBeUndefined();
    expect(tell('x', 301_000)).toBeDefined();
    expect(tell('x', 0, 'b')).toBeDefined();
  });
});
