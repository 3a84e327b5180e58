import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../../log.ts';
import { canonicalQuantity } from '../../../quantity.ts';
import type { Pod, PodContainer, ResourceRequirements } from '../objects/pod.ts';
import { readIfThere, replaceFile } from '../whole-file.ts';

/** What a pod has been given of the node: what its spec asked for when that was last granted. */
export interface Allocation {
  readonly containers: Readonly<Record<string, ResourceRequirements>>;
  /** Of the pod as a whole, where it asks so. */
  readonly pod?: ResourceRequirements;
}

export function allocationOf({ spec }: Pod): Allocation {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  return {
    containers: Object.fromEntries(all.map(({ name, resources }) => [name, canonical(resources)])),
    ...(spec.resources && { pod: canonical(spec.resources) }),
  };
}

export const isSameAllocation = (one: Allocation, other: Allocation): boolean =>
  isDeepStrictEqual(one, other);

/** The pod as it is run: with the resources that it was given, whatever it asks for now. */
export function withAllocation(pod: Pod, allocation: Allocation | undefined): Pod {
  if (allocation === undefined || isSameAllocation(allocationOf(pod), allocation)) return pod;
  const { containers, initContainers } = pod.spec;
  const held = (list: readonly PodContainer[]): readonly PodContainer[] =>
    list.map((container) => {
      const resources = allocation.containers[container.name];
      return resources === undefined ? container : { ...container, resources };
    });
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: held(containers),
      ...(initContainers && { initContainers: held(initContainers) }),
      ...(allocation.pod && { resources: allocation.pod }),
    },
  };
}

/** As the API server writes it, so that what is the same compares the same. */
function canonical({ requests, limits }: ResourceRequirements = {}): ResourceRequirements {
  const list = (some: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(some)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, text]) => [name, canonicalQuantity(text) ?? text]),
    );
  return { ...(limits && { limits: list(limits) }), ...(requests && { requests: list(requests) }) };
}

const fileName = 'allocations.json';

/** What each pod of the node has been given, on disk: so that what is asked for while no kubelet runs is not taken as granted. */
export class Allocations {
  readonly #path: string;
  readonly #log: Log;
  #all: Readonly<Record<string, Allocation>>;

  /** @param directory Of the kubelet. */
  constructor(directory: string, log: Log) {
    this.#path = join(directory, fileName);
    this.#log = log;
    this.#all = this.#read();
  }

  of(podUid: string): Allocation | undefined {
    return this.#all[podUid];
  }

  give(podUid: string, allocation: Allocation): void {
    const before = this.#all[podUid];
    if (before === undefined || !isSameAllocation(before, allocation))
      this.#write({ ...this.#all, [podUid]: allocation });
  }

  /** Absent is success. */
  forget(podUid: string): void {
    const { [podUid]: gone, ...rest } = this.#all;
    if (gone !== undefined) this.#write(rest);
  }

  /** Forgets all pods but these. */
  keepOnly(podUids: ReadonlySet<string>): void {
    const kept = Object.entries(this.#all).filter(([uid]) => podUids.has(uid));
    if (kept.length < Object.keys(this.#all).length) this.#write(Object.fromEntries(kept));
  }

  /** A full disk keeps no pod from running or ending: the next writing has all of it. */
  #write(all: Readonly<Record<string, Allocation>>): void {
    this.#all = all;
    try {
      replaceFile(this.#path, `${JSON.stringify(all)}\n`);
    } catch (error) {
      this.#log.warn('What pods were given of the node cannot be written down', { error });
    }
  }

  #read(): Readonly<Record<string, Allocation>> {
    try {
      return JSON.parse(readIfThere(this.#path) ?? '{}');
    } catch (error) {
      this.#log.warn('What pods were given of the node cannot be read: what they ask for counts as given', {
        error,
      });
      return {};
    }
  }
}
