import { none, type Topology, withRoom } from './columns.ts';
import type { PodInfo } from './pod-info.ts';

/** How many pods of some sort are on each node. */
export class Tally {
  /** Whether a pod is of the sort. */
  readonly counts: (info: PodInfo) => boolean;
  /** By the node's slot. */
  bySlot: Int32Array = new Int32Array(0);
  total = 0;

  constructor(counts: (info: PodInfo) => boolean) {
    this.counts = counts;
  }

  add(slot: number, change: 1 | -1): void {
    this.bySlot = withRoom(this.bySlot, slot + 1);
    this.bySlot[slot] = (this.bySlot[slot] ?? 0) + change;
    this.total += change;
  }

  /** By the topology's values: the sum over the nodes that have it. */
  sums({ numbers, size }: Topology): Int32Array {
    const sums = new Int32Array(size);
    const { bySlot } = this;
    const slots = Math.min(bySlot.length, numbers.length);
    for (let slot = 0; slot < slots; slot++) {
      const count = bySlot[slot] ?? 0;
      const number = numbers[slot] ?? none;
      if (count !== 0 && number !== none) sums[number] = (sums[number] ?? 0) + count;
    }
    return sums;
  }
}
