import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { blockOf, cidrBlock, cidrText, holdsBlock, overlap } from '../../../topology/index.ts';
import { checkAddition, readVpcBlock } from './vpc-cidrs.ts';

const verdict = (added: string, cidrs: readonly string[], destinations: readonly string[] = []): string => {
  try {
    checkAddition(cidrBlock(added), cidrs, destinations);
    return 'added';
  } catch (error) {
    return error instanceof Error
      ? (/conflicts with the route|conflicts|restricted/.exec(error.message)?.[0] ?? '')
      : '';
  }
};

describe('a block that is added to a VPC', () => {
  test.each([
    // [added, the VPC's, outcome]
    ['10.1.0.0/16', ['10.0.0.0/24'], 'added'],
    ['10.2.0.0/16', ['10.0.0.0/16'], 'added'],
    ['10.0.4.0/24', ['10.1.0.0/16'], 'restricted'],
    ['10.0.4.0/24', ['10.2.0.0/16'], 'added'],
    ['172.16.0.0/16', ['10.0.0.0/16'], 'restricted'],
    ['192.168.0.0/16', ['10.0.0.0/16'], 'restricted'],
    ['198.19.0.0/16', ['10.0.0.0/16'], 'restricted'],
    ['100.64.0.0/16', ['10.0.0.0/16'], 'added'],
    ['8.8.8.0/24', ['10.0.0.0/16'], 'added'],
    ['172.17.0.0/16', ['172.16.0.0/16'], 'added'],
    ['172.31.0.0/20', ['172.16.0.0/16'], 'restricted'],
    ['10.0.0.0/16', ['172.16.0.0/16'], 'restricted'],
    ['192.168.1.0/24', ['192.168.0.0/24'], 'added'],
    ['172.16.0.0/16', ['192.168.0.0/24'], 'restricted'],
    ['10.0.0.0/16', ['198.19.0.0/16'], 'restricted'],
    ['100.64.0.0/16', ['198.19.0.0/16'], 'added'],
    ['10.0.0.0/16', ['100.64.0.0/16'], 'restricted'],
    ['198.19.1.0/24', ['8.8.8.0/24'], 'restricted'],
    ['100.64.0.0/16', ['8.8.8.0/24'], 'added'],
    ['169.254.0.0/16', ['8.8.8.0/24'], 'restricted'],
    ['10.0.0.0/24', ['10.0.0.0/16'], 'conflicts'],
  ])('%s to %j: %s', (added, cidrs, outcome) => {
    expect(verdict(added, cidrs)).toBe(outcome);
  });

  it('holds no destination of a route', () => {
    const has = ['10.1.0.0/16'];
    expect(verdict('10.2.0.0/16', has, ['10.2.0.0/24', '0.0.0.0/0'])).toBe('conflicts with the route');
    expect(verdict('10.2.0.0/16', has, ['10.2.0.0/16'])).toBe('conflicts with the route');
    expect(verdict('10.2.0.0/24', has, ['10.2.0.0/16', 'pl-00000000'])).toBe('added');
  });

  const block = fc
    .tuple(
      fc.constantFrom('10.0.0.0', '172.16.0.0', '192.168.0.0', '198.19.0.0', '100.64.0.0', '9.0.0.0'),
      fc.nat(2 ** 18),
      fc.integer({ min: 16, max: 28 }),
    )
    .map(([base, offset, length]) => cidrText(blockOf(cidrBlock(`${base}/32`).first + offset, length)));

  it('never overlaps, and never joins two private ranges', () => {
    const ranges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(cidrBlock);
    fc.assert(
      fc.property(block, fc.array(block, { maxLength: 6 }), (primary, more) => {
        const cidrs = [primary];
        for (const each of more) if (verdict(each, cidrs) === 'added') cidrs.push(each);
        const blocks = cidrs.map(cidrBlock);
        for (const [place, one] of blocks.entries())
          for (const other of blocks.slice(place + 1)) expect(overlap(one, other)).toBe(false);
        const used = ranges.filter((range) => blocks.some((each) => holdsBlock(range, each)));
        expect(used.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

it('a VPC’s first block loses its host bits and keeps its size', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, length) => {
      let text: string | undefined;
      try {
        text = cidrText(readVpcBlock(`${address}/${length}`));
      } catch {
        return;
      }
      expect(length >= 16 && length <= 28).toBe(true);
      const { first, prefixLength } = cidrBlock(text);
      expect([prefixLength, first % 2 ** (32 - length)]).toEqual([length, 0]);
    }),
  );
});
