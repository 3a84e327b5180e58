import type { RecordKey } from '../../reconcile/index.ts';
import type { PlacedNode } from './objects.ts';
import type { PodInfo } from './pod-info.ts';
import { type HostPort, isSamePort } from './pod-shape.ts';
import { type Allocatable, allocatableOf, type Resources } from './resources.ts';

const nothing: Allocatable = allocatableOf();

/** A node with the pods that are on it, and those that are about to be. */
export class NodeInfo {
  readonly name: string;
  /** Its place in columns. */
  readonly slot: number;
  /** Grows with each change: what was computed of it before no longer holds. */
  version = 1;
  readonly pods = new Map<RecordKey, PodInfo>();
  requestedCpuMillis = 0;
  requestedMemoryBytes = 0;
  requestedEphemeralStorageBytes = 0;
  readonly requestedOthers = new Map<string, number>();
  /** What pods are taken to need, those that ask for nothing included. */
  scoredCpuMillis = 0;
  scoredMemoryBytes = 0;
  /** Of pods that have any. */
  readonly #ports = new Map<RecordKey, readonly HostPort[]>();
  #node: PlacedNode | undefined;
  #allocatable = nothing;

  constructor(name: string, slot: number) {
    this.name = name;
    this.slot = slot;
  }

  /** Undefined: pods are on it, and it is not there, or not yet. */
  get node(): PlacedNode | undefined {
    return this.#node;
  }

  get allocatable(): Allocatable {
    return this.#allocatable;
  }

  setNode(node: PlacedNode | undefined): void {
    if (node?.status?.allocatable !== this.#node?.status?.allocatable)
      this.#allocatable = allocatableOf(node?.status?.allocatable);
    this.#node = node;
    this.version++;
  }

  add(info: PodInfo): void {
    this.pods.set(info.key, info);
    if (info.shape.hostPorts.length > 0) this.#ports.set(info.key, info.shape.hostPorts);
    this.#charge(info, 1);
  }

  /** A newer one of the same pod that asks for the same: what was computed of the node still holds. */
  replace(info: PodInfo): void {
    this.pods.set(info.key, info);
  }

  remove(info: PodInfo): void {
    this.pods.delete(info.key);
    this.#ports.delete(info.key);
    this.#charge(info, -1);
  }

  hasFree(wanted: readonly HostPort[]): boolean {
    if (wanted.length === 0 || this.#ports.size === 0) return true;
    for (const taken of this.#ports.values())
      if (taken.some((one) => wanted.some((other) => isSamePort(one, other)))) return false;
    return true;
  }

  #charge({ shape: { requests, scored } }: PodInfo, sign: 1 | -1): void {
    this.version++;
    this.requestedCpuMillis += sign * requests.cpuMillis;
    this.requestedMemoryBytes += sign * requests.memoryBytes;
    this.requestedEphemeralStorageBytes += sign * requests.ephemeralStorageBytes;
    this.scoredCpuMillis += sign * scored.cpuMillis;
    this.scoredMemoryBytes += sign * scored.memoryBytes;
    for (const [name, amount] of requests.others)
      this.requestedOthers.set(name, (this.requestedOthers.get(name) ?? 0) + sign * amount);
  }
}

/** What of a pod's requests is more than what is free. */
export interface Shortage {
  readonly resource: string;
  /** The node would not have it if it were empty. */
  readonly isBeyond: boolean;
}

export function shortages(info: NodeInfo, requests: Resources): readonly Shortage[] {
  const { allocatable } = info;
  const found: Shortage[] = [];
  const check = (resource: string, wanted: number, all: number, taken: number): void => {
    if (wanted > 0 && wanted > all - taken) found.push({ resource, isBeyond: wanted > all });
  };
  check('cpu', requests.cpuMillis, allocatable.cpuMillis, info.requestedCpuMillis);
  check('memory', requests.memoryBytes, allocatable.memoryBytes, info.requestedMemoryBytes);
  check(
    'ephemeral-storage',
    requests.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
    info.requestedEphemeralStorageBytes,
  );
  for (const [name, wanted] of requests.others)
    check(name, wanted, allocatable.others.get(name) ?? 0, info.requestedOthers.get(name) ?? 0);
  return found;
}
