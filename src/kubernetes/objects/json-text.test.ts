import { describe, expect, it } from 'vitest';
import { SharedTexts } from './json-text.ts';

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
});
