import type { Queued } from './queue.ts';
import type { VolumeStep } from './volumes.ts';

/** A pod, and where it is to go. */
export interface Placement {
  readonly queued: Queued;
  readonly nodeName: string;
  /** What its volumes need before it can be bound. */
  readonly steps: readonly VolumeStep[];
}
