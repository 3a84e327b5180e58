import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalQuantity, formatQuantity, parseQuantity } from './quantity.ts';

describe('a quantity', () => {
  it.each([
    ...[
      ['1', '1'],
      ['1000m', '1'],
      ['0.5', '500m'],
      ['1500m', '1500m'],
      ['.1', '100m'],
      ['+2', '2'],
    ],
    ...[
      ['1024Mi', '1Gi'],
      ['1.5Gi', '1536Mi'],
      ['512', '512'],
      ['0.5Ki', '512'],
      ['1000', '1k'],
      ['100k', '100k'],
    ],
    ...[
      ['1e3', '1e3'],
      ['12e6', '12e6'],
      ['1E', '1E'],
      ['0', '0'],
      ['0Gi', '0'],
      ['-1500m', '-1500m'],
      ['1.', '1'],
    ],
    ...[
      ['0.0000000001', '1n'],
      ['1024Ei', '1024Ei'],
      ['0.1Ki', '102400m'],
    ],
  ])('%s is written %s', (text, written) => {
    expect(canonicalQuantity(text ?? '')).toBe(written);
  });

  it.each(['', '.', '1x', 'Gi', '1 Gi', '1e', '--1', '1KiB', '1e999', '9'.repeat(100)])(
    'is not %s',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );

  it('says the same when it is read again', () => {
    const suffix = fc.constantFrom('', 'm', 'u', 'k', 'M', 'Ki', 'Gi', 'e2', 'E-1');
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(999), suffix, (whole, fraction, unit) => {
        const parsed = parseQuantity(`${whole}.${fraction}${unit}`);
        if (parsed === undefined) throw new Error(`${whole}.${fraction}${unit} is a quantity`);
        const again = parseQuantity(formatQuantity(parsed));
        expect(again?.nanos).toBe(parsed.nanos);
        expect(again && formatQuantity(again)).toBe(formatQuantity(parsed));
      }),
    );
  });
});
