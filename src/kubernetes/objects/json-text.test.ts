import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../store/index.ts';
import { SharedTexts } from './json-text.ts';
import { piecesOf, roomInTurns } from './pieces.ts';

describe('shared texts', () => {
  it('are the JSON of an object, of a list of some that are shared and some that are not, and of anything else', () => {
    const texts = new SharedTexts();
    const [one, other] = [texts.share({ name: 'one', items: [1] }), { name: 'other "quoted"' }];
    const list = { kind: 'PodList', items: [one, other, null, 3], metadata: {} };
    for (const value of [one, list, { items: [one] }, { items: [] }, { items: 'none' }, [one], 'text', null])
      expect(JSON.parse(texts.of(value))).toEqual(value);
  });

  it('are written once, and again when others have taken their room', () => {
    const texts = new SharedTexts(20);
    let written = 0;
    const counted = (name: string) => ({
      toJSON: () => {
        written += 1;
        return name.repeat(8);
      },
    });
    const first = texts.share(counted('1'));
    const others = ['2', '3', '4', '5', '6'].map((name) => texts.share(counted(name)));
    const text = (object: object) => texts.of(object as never);
    for (const _ of [1, 2, 3]) expect(text(first)).toBe('"11111111"');
    expect(written).toBe(1);
    for (const other of others.slice(0, 2)) text(other);
    text(first);
    expect(written).toBe(3);
    for (const other of others) text(other);
    text(first);
    expect(written).toBeGreaterThan(6);
  });

  it('are in a list what its items would be without a whole object to cut them out of, however that begins', () => {
    const texts = new SharedTexts();
    const members = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>);
    const typed = { apiVersion: fc.constantFrom('v1', 'a"b/v1'), kind: fc.constantFrom('Pod', 'Pod"') };
    const whole = fc
      .tuple(fc.record(typed), members, fc.boolean())
      .map(([is, more, isLast]) => (isLast ? { ...more, ...is } : { ...is, ...more, ...is }));
    const list = fc.record({ kind: fc.constant('PodList'), metadata: members }, { requiredKeys: ['kind'] });
    fc.assert(
      fc.property(list, fc.array(whole), (around, wholes) => {
        const items = wholes.map((one) => {
          const { apiVersion: _, kind: _kind, ...item } = one;
          return texts.shareItem(item as object, one);
        });
        const written = JSON.stringify({ ...around, items });
        expect(texts.of({ ...around, items } as never)).toBe(written);
        expect(Buffer.concat([...piecesOf(texts.partsOf({ ...around, items } as never))]).toString()).toBe(
          written,
        );
      }),
    );
  });
});

describe('the pieces of an answer', () => {
  const characters = fc.constantFrom('a', 'é', '€', '😀');
  const runs = fc.array(fc.tuple(characters, fc.nat(60_000)), { maxLength: 20 });

  it('are chunks of HTTP where they are to be, in room that is used again', () => {
    fc.assert(
      fc.property(runs, (some) => {
        const parts = some.map(([character, count]) => character.repeat(count));
        const sent: Buffer[] = [];
        for (const piece of piecesOf(parts, { isChunked: true, room: roomInTurns() }))
          sent.push(Buffer.from(piece));
        let rest = Buffer.concat(sent);
        const chunks: Buffer[] = [];
        for (;;) {
          const line = rest.indexOf('\r\n');
          const size = Number.parseInt(rest.toString('latin1', 0, line), 16);
          chunks.push(rest.subarray(line + 2, line + 2 + size));
          expect(rest.toString('latin1', line + 2 + size, line + 4 + size)).toBe('\r\n');
          rest = rest.subarray(line + 4 + size);
          if (size === 0) break;
        }
        expect(rest).toHaveLength(0);
        expect(Buffer.concat(chunks).equals(Buffer.from(parts.join('')))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('are all of it in UTF-8, none much longer than a quarter of a MiB where its parts are short', () => {
    fc.assert(
      fc.property(runs, (some) => {
        const parts = some.map(([character, count]) => character.repeat(count));
        const pieces = [...piecesOf(parts)];
        expect(Buffer.concat(pieces).equals(Buffer.from(parts.join('')))).toBe(true);
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(256 * 1024);
      }),
      { numRuns: 30 },
    );
  });
});
