import type { PlacementConstraint, PlacementStrategy } from '@aws-sdk/client-ecs';
import { invalidParameter } from './errors.ts';
import type { PlacementConstraints } from './placement/misfit.ts';
import { queryFault } from './placement/query/index.ts';
import type { PlacementStrategy as Strategy } from './placement/strategy.ts';

/** The rules of placement strategies and constraints, for tasks and services alike. */
const maxStrategies = 5;
const maxConstraints = 10;

/** As `readPlacementStrategy` lets them through. */
export interface PlacementStrategyRecord {
  readonly type: string;
  readonly field?: string;
}

/** As `readPlacementConstraints` lets them through. */
export interface PlacementConstraintRecord {
  readonly type: string;
  readonly expression?: string;
}

/** @throws InvalidParameterException naming the entry and what is allowed. */
export function readPlacementStrategy(
  strategies: readonly PlacementStrategy[] | undefined,
): PlacementStrategyRecord[] {
  if (strategies === undefined) return [];
  if (strategies.length > maxStrategies)
    throw invalidParameter(`Placement strategies can have at most ${maxStrategies} items.`);
  return strategies.map(({ type, field }) => {
    switch (type) {
      case 'random':
        if (field) throw invalidParameter('The random placement strategy takes no field.');
        return { type };
      case 'spread':
        return { type, field: spreadField(field) };
      case 'binpack': {
        const resource = field?.toLowerCase();
        if (resource !== 'cpu' && resource !== 'memory')
          throw invalidParameter(`Invalid field ${field ?? ''} for the binpack strategy: use cpu or memory.`);
        return { type, field: resource };
      }
      default:
        throw invalidParameter(
          `Placement strategy type ${type ?? ''} should be one of [random,spread,binpack].`,
        );
    }
  });
}

/** @throws InvalidParameterException naming the entry and what is allowed. */
export function readPlacementConstraints(
  constraints: readonly PlacementConstraint[] | undefined,
): PlacementConstraintRecord[] {
  if (constraints === undefined) return [];
  if (constraints.length > maxConstraints)
    throw invalidParameter(`Placement constraints can have at most ${maxConstraints} items.`);
  return constraints.map(({ type, expression }) => {
    switch (type) {
      case 'distinctInstance':
        if (expression !== undefined)
          throw invalidParameter('distinctInstance expression should not be specified.');
        return { type };
      case 'memberOf': {
        const fault = memberOfFault(expression);
        if (fault !== undefined) throw invalidParameter(fault);
        return { type, expression: expression ?? '' };
      }
      default:
        throw invalidParameter(
          `Placement constraint type ${type ?? ''} should be one of [distinctInstance,memberOf].`,
        );
    }
  });
}

/** What is wrong with a memberOf constraint's expression, as a sentence; undefined when nothing is. */
export function memberOfFault(expression: string | undefined): string | undefined {
  if (!expression) return 'The placement constraint memberOf needs an expression.';
  const fault = queryFault(expression);
  return (
    fault &&
    `The expression '${expression.slice(0, 200)}' of the placement constraint memberOf is not valid: ${fault}.`
  );
}

/** A stored strategy as placement asks for it. */
export function strategyOf({ type, field }: PlacementStrategyRecord): Strategy {
  switch (type) {
    case 'binpack':
      return { type, field: field === 'cpu' ? 'cpu' : 'memory' };
    case 'spread':
      return field?.startsWith('attribute:')
        ? { type, field: `attribute:${field.slice('attribute:'.length)}` }
        : { type, field: 'instanceId' };
    default:
      return { type: 'random' };
  }
}

/** Stored constraints as placement asks for them. */
export function constraintsOf(constraints: readonly PlacementConstraintRecord[]): PlacementConstraints {
  return {
    memberOf: constraints.flatMap(({ type, expression }) => (type === 'memberOf' ? (expression ?? []) : [])),
    isDistinctInstance: constraints.some(({ type }) => type === 'distinctInstance'),
  };
}

function spreadField(field: string | undefined): string {
  if (field === 'host' || field === 'instanceId') return 'instanceId';
  if (field !== undefined && /^attribute:[\p{L}\p{N}\-_./\\]{1,128}$/u.test(field)) return field;
  throw invalidParameter(
    `Invalid field ${field ?? ''} for the spread strategy: use instanceId, host or attribute:NAME.`,
  );
}
