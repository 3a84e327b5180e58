import type { PlacementConstraint, PlacementStrategy } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { readPlacementConstraints, readPlacementStrategy } from './placement-rules.ts';

/** A value that no current SDK knows. */
const unknown = <T>(value: string): T => value as T;

const refusal = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'InvalidParameterException',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });

describe('placement strategies', () => {
  it('are stored in one form', () => {
    const given: PlacementStrategy[] = [
      { type: 'spread', field: 'host' },
      { type: 'spread', field: 'attribute:ecs.availability-zone' },
      { type: 'binpack', field: 'MEMORY' },
      { type: 'binpack', field: 'cpu' },
      { type: 'random' },
    ];
    expect(readPlacementStrategy(given)).toEqual([
      { type: 'spread', field: 'instanceId' },
      { type: 'spread', field: 'attribute:ecs.availability-zone' },
      { type: 'binpack', field: 'memory' },
      { type: 'binpack', field: 'cpu' },
      { type: 'random' },
    ]);
    expect(readPlacementStrategy(undefined)).toEqual([]);
  });

  it.each<[string, PlacementStrategy[], string | RegExp]>([
    ['six', Array<PlacementStrategy>(6).fill({ type: 'random' }), /at most 5/],
    ['an unknown type', [{ type: unknown('pack') }], /one of \[random,spread,binpack\]/],
    ['no type', [{}], /one of \[random,spread,binpack\]/],
    ['random with a field', [{ type: 'random', field: 'cpu' }], /takes no field/],
    ['spread without a field', [{ type: 'spread' }], /use instanceId, host or attribute:NAME/],
    ['spread over a bare name', [{ type: 'spread', field: 'rack' }], /Invalid field rack/],
    ['spread over no attribute', [{ type: 'spread', field: 'attribute:' }], /attribute:NAME/],
    [
      'spread over what no attribute is called',
      [{ type: 'spread', field: 'attribute:a b' }],
      /attribute:NAME/,
    ],
    ['binpack by something else', [{ type: 'binpack', field: 'disk' }], /use cpu or memory/],
    ['binpack without a field', [{ type: 'binpack' }], /use cpu or memory/],
  ])('%s is refused', (_, strategies, message) => {
    expect(() => readPlacementStrategy(strategies)).toThrow(refusal(message));
  });
});

describe('placement constraints', () => {
  it('are kept as they are', () => {
    const given: PlacementConstraint[] = [
      { type: 'distinctInstance' },
      { type: 'memberOf', expression: 'attribute:stack == blue' },
    ];
    expect(readPlacementConstraints(given)).toEqual(given);
    expect(readPlacementConstraints(undefined)).toEqual([]);
  });

  it.each<[string, PlacementConstraint[], string | RegExp]>([
    ['eleven', Array<PlacementConstraint>(11).fill({ type: 'distinctInstance' }), /at most 10/],
    ['an unknown type', [{ type: unknown('near') }], /one of \[distinctInstance,memberOf\]/],
    [
      'distinctInstance with an expression',
      [{ type: 'distinctInstance', expression: 'a' }],
      'distinctInstance expression should not be specified.',
    ],
    ['memberOf without an expression', [{ type: 'memberOf' }], /needs an expression/],
    [
      'memberOf with none',
      [{ type: 'memberOf', expression: 'blue' }],
      /'blue' .* is not valid: .* position 1/,
    ],
    [
      'memberOf with one that is too long',
      [{ type: 'memberOf', expression: `attribute:a == ${'b'.repeat(2000)}` }],
      /longer than 2000 characters/,
    ],
  ])('%s is refused', (_, constraints, message) => {
    expect(() => readPlacementConstraints(constraints)).toThrow(refusal(message));
  });
});
