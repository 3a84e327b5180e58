import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FilterTable, readFilters } from './filters.ts';

interface Boat {
  readonly name: string;
  readonly masts: number;
  readonly isOut: boolean;
  readonly crew: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}
const table: FilterTable<Boat> = {
  name: ({ name }) => name,
  masts: ({ masts }) => masts,
  'is-out': ({ isOut }) => isOut,
  crew: ({ crew }) => crew,
};
const boat: Boat = { name: 'Fram', masts: 3, isOut: true, crew: ['Otto', 'Sigurd'], tags: { pier: 'north' } };

function passes(...filters: readonly (readonly [name: string, ...values: string[]])[]): boolean {
  const asked = filters.map(([Name, ...Values]) => ({ Name, Values }));
  return readFilters(asked, table, ({ tags }: Boat) => tags)(boat);
}

describe('filters', () => {
  it('let everything through that there is no filter for', () => {
    expect(passes()).toBe(true);
    expect(readFilters(undefined, table)(boat)).toBe(true);
  });

  it('take any of their values, and all must match', () => {
    expect(passes(['name', 'Gjøa', 'Fram'])).toBe(true);
    expect(passes(['name', 'Fram'], ['masts', '1'])).toBe(false);
    expect(passes(['name', 'F*'], ['masts', '3'], ['is-out', 'true'])).toBe(true);
    expect(passes(['crew', 'Sig?rd'])).toBe(true);
  });

  it('know tags by key and by value', () => {
    expect(passes(['tag:pier', 'n*'])).toBe(true);
    expect(passes(['tag:pier', 'south'])).toBe(false);
    expect(passes(['tag:toString', '*'])).toBe(false);
    expect(passes(['tag-key', 'pier'])).toBe(true);
  });

  it.each(['nome', 'tag:', 'toString', ''])('refuse the name "%s"', (name) => {
    expect(() => passes([name, 'x'])).toThrow(`The filter '${name}' is invalid`);
  });

  it('refuse tags where there are none, no values, and more than 200 values', () => {
    expect(() => readFilters([{ Name: 'tag:pier', Values: ['x'] }], table)).toThrow('is invalid');
    expect(() => passes(['name'])).toThrow("The filter 'name' has no values");
    expect(() => passes(['name', ...Array.from({ length: 201 }, (_, place) => String(place))])).toThrow(
      'is 200',
    );
    expect(passes(['masts', ...Array.from({ length: 200 }, (_, place) => String(place))])).toBe(true);
  });

  it('let through what each of them lets through', () => {
    const filter = fc.tuple(
      fc.constantFrom('name', 'masts', 'is-out', 'crew', 'tag:pier', 'tag-key'),
      fc.array(fc.constantFrom('Fram', '3', 'true', 'Otto', 'north', 'pier', 'x*', '?'), { minLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 4 }), (filters) => {
        const one = (name: string, values: readonly string[]) =>
          values.some((value) => passes([name, value]));
        expect(passes(...filters.map(([name, values]) => [name, ...values] as const))).toBe(
          filters.every(([name, values]) => one(name, values)),
        );
      }),
    );
  });
});
