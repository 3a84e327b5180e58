import type { JsonObject } from '../objects/object.ts';
import { type Amounts, amountsOf } from '../quota/amounts.ts';
import { podResources } from '../quota/pod-resources.ts';
import type { PlacedSpec, ResourceList } from './objects.ts';

/** Amounts as the scheduler computes with them: whole numbers, rounded up where a pod asks and down where a node offers. */
export interface Resources {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  /** Extended resources and huge pages, by name. */
  readonly others: ReadonlyMap<string, number>;
}

/** What a node offers. */
export interface Allocatable extends Resources {
  readonly pods: number;
}

/** What a container that asks for nothing is taken to need, so that nodes full of such pods are not taken for empty ones. */
const unstated: Amounts = amountsOf({ cpu: '100m', memory: '209715200' });
const nano = 1_000_000_000n;

/** What a pod asks for, all that runs at the same time together. */
export const podRequests = (spec: PlacedSpec): Resources =>
  resourcesOf(podResources(spec as unknown as JsonObject, 'requests'), 'up');

/** The same for scores. */
export const scoredRequests = (spec: PlacedSpec): Resources =>
  resourcesOf(podResources(spec as unknown as JsonObject, 'requests', unstated), 'up');

export function allocatableOf(list: ResourceList = {}): Allocatable {
  const amounts = amountsOf(list as JsonObject);
  const pods = Number((amounts.get('pods')?.nanos ?? 0n) / nano);
  return { ...resourcesOf(amounts, 'down'), pods };
}

function resourcesOf(amounts: Amounts, rounding: 'down' | 'up'): Resources {
  const whole = (name: string, perUnit = 1n): number => {
    const nanos = (amounts.get(name)?.nanos ?? 0n) * perUnit;
    return Number(rounding === 'up' ? (nanos + nano - 1n) / nano : nanos / nano);
  };
  const others = new Map<string, number>();
  for (const name of amounts.keys()) if (!named.has(name)) others.set(name, whole(name));
  return {
    cpuMillis: whole('cpu', 1_000n),
    memoryBytes: whole('memory'),
    ephemeralStorageBytes: whole('ephemeral-storage'),
    others,
  };
}

const named: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods']);
