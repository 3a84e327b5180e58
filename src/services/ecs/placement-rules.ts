import type { PlacementConstraint, PlacementStrategy } from '@aws-sdk/client-ecs';
import { invalidParameter, unsupported } from './errors.ts';
import type { PlacementConstraintRecord, PlacementStrategyRecord } from './task-launch.ts';

/** The rules of placement strategies and constraints, for tasks and services alike. */
const maxStrategies = 5;
const maxConstraints = 10;

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

/** @throws InvalidParameterException, or UnsupportedFeatureException for `memberOf`. */
export function readPlacementConstraints(
  constraints: readonly PlacementConstraint[] | undefined,
): PlacementConstraintRecord[] {
  if (constraints === undefined) return [];
  if (constraints.length > maxConstraints)
    throw invalidParameter(`Placement constraints can have at most ${maxConstraints} items.`);
  return constraints.map(({ type, expression }) => {
    switch (type) {
      case 'distinctInstance':
        if (expression)
          throw invalidParameter('The distinctInstance placement constraint takes no expression.');
        return { type };
      case 'memberOf':
        throw unsupported('The placement constraint memberOf');
      default:
        throw invalidParameter(
          `Placement constraint type ${type ?? ''} should be one of [distinctInstance,memberOf].`,
        );
    }
  });
}

function spreadField(field: string | undefined): string {
  if (field === 'host' || field === 'instanceId') return 'instanceId';
  if (field?.startsWith('attribute:') && field.length > 'attribute:'.length) return field;
  throw invalidParameter(
    `Invalid field ${field ?? ''} for the spread strategy: use instanceId, host or attribute:NAME.`,
  );
}
