import type { NodeCondition } from '../objects/node.ts';
import { evictionThresholds } from '../registration/reservations.ts';

type Signal =
  /** Of what pods may use together: on a node whose pods are all that uses memory it is crossed before `memory.available`. */
  'allocatableMemory.available' | 'nodefs.available' | 'nodefs.inodesFree';

/** What runs short, in the words of events and messages. */
export type Scarce = 'memory' | 'ephemeral-storage' | 'inodes';

export type PressureType = Extract<NodeCondition['type'], 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'>;

interface Observation {
  readonly available: number;
  readonly capacity: number;
}

/** Bytes, or numbers of inodes. What is not known is not there. */
export type Observations = Readonly<Partial<Record<Signal, Observation>>>;

interface Threshold {
  readonly signal: Signal;
  /** In units, or of the capacity. */
  readonly least: { readonly amount: number } | { readonly fraction: number };
}

const { memoryAvailableBytes, nodefsAvailableFraction, nodefsInodesFreeFraction } = evictionThresholds;

/** Memory before all else, as upstream reclaims. */
const thresholds: readonly Threshold[] = [
  { signal: 'allocatableMemory.available', least: { amount: memoryAvailableBytes } },
  { signal: 'nodefs.available', least: { fraction: nodefsAvailableFraction } },
  { signal: 'nodefs.inodesFree', least: { fraction: nodefsInodesFreeFraction } },
];

const scarceBy: Readonly<Record<Signal, Scarce>> = {
  'allocatableMemory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
};

const pressureBy: Readonly<Record<Scarce, PressureType>> = {
  memory: 'MemoryPressure',
  'ephemeral-storage': 'DiskPressure',
  inodes: 'DiskPressure',
};

/** A threshold that is crossed: less is available than is to be. */
export interface Shortage {
  readonly scarce: Scarce;
  readonly pressure: PressureType;
  readonly quantity: number;
  readonly available: number;
}

/** By EKS's hard thresholds, the one to be reclaimed first at the beginning. */
export function shortages(observations: Observations): readonly Shortage[] {
  return thresholds.flatMap(({ signal, least }) => {
    const observed = observations[signal];
    if (observed === undefined) return [];
    const { available, capacity } = observed;
    const quantity = 'amount' in least ? least.amount : Math.floor(capacity * least.fraction);
    const scarce = scarceBy[signal];
    return available < quantity ? [{ scarce, pressure: pressureBy[scarce], quantity, available }] : [];
  });
}

/** What a node says of itself: a condition stays for a while after what caused it is over, so that pods do not come and go. */
export class Pressures {
  readonly #transitionMs: number;
  readonly #lastMs = new Map<PressureType, number>();

  constructor(transitionMs: number) {
    this.#transitionMs = transitionMs;
  }

  /** @param nowMs By a clock that nobody sets. */
  observed(found: readonly Shortage[], nowMs: number): void {
    for (const { pressure } of found) this.#lastMs.set(pressure, nowMs);
    for (const [pressure, lastMs] of this.#lastMs)
      if (nowMs - lastMs >= this.#transitionMs) this.#lastMs.delete(pressure);
  }

  get now(): ReadonlySet<PressureType> {
    return new Set(this.#lastMs.keys());
  }
}
