import type { RecordKey } from '../../reconcile/index.ts';
import { Heap } from './heap.ts';
import type { PodInfo } from './pod-info.ts';
import type { Plugin } from './verdict.ts';

/** A pod that waits for a node. */
export interface Queued {
  readonly key: RecordKey;
  info: PodInfo;
  /** Where it is: to be placed next, later, only when something helps, or just being placed. */
  at: 'active' | 'later' | 'helpless' | 'out';
  /** Since when it is there, ms. */
  since: number;
  /** Decides between those that came at the same moment. */
  order: number;
  attempts: number;
  /** When it was last found to have no place, ms. */
  failedAt: number;
  /** Who would not have it. */
  rejectedBy: ReadonlySet<Plugin>;
  /** Not for want of a node, but something went wrong: it waits in any case. */
  isBroken: boolean;
}

const backoffMs = { first: 1_000, most: 10_000 };
/** Nobody is forgotten, even where no event seemed to help. */
const flushMs = 300_000;

/** When a pod may be tried again, ms. */
const readyAt = ({ failedAt, attempts }: Queued): number =>
  failedAt + Math.min(backoffMs.most, backoffMs.first * 2 ** Math.max(0, attempts - 1));

/**
 * The pods of a cluster that wait for a node: by priority, then by who waits longest. One that found none waits until
 * something changes that may help it, and is tried then, or after a while if it was tried just before and others wait.
 */
export class SchedulingQueue {
  readonly #all = new Map<RecordKey, Queued>();
  readonly #active = new Heap<Entry>(isBefore);
  readonly #later = new Heap<Entry>((one, other) => one.due < other.due);
  /** In the order in which they came to be so. */
  readonly #helpless = new Map<RecordKey, Queued>();
  #order = 0;

  get size(): number {
    return this.#all.size;
  }

  /** A pod that is new, or has changed. One that has no place is tried again when what it asks for has changed. */
  put(info: PodInfo, now: number): void {
    const known = this.#all.get(info.key);
    if (known === undefined || known.info.pod.metadata.uid !== info.pod.metadata.uid) {
      const { key } = info;
      const fresh: Queued = {
        ...{ key, info, at: 'out', since: now, order: this.#order++, attempts: 0, failedAt: 0 },
        ...{ rejectedBy: new Set(), isBroken: false },
      };
      this.#helpless.delete(key);
      this.#all.set(key, fresh);
      this.#activate(fresh, now);
      return;
    }
    const isOther = asks(known.info) !== asks(info);
    known.info = info;
    if (known.at === 'helpless' && isOther) this.#retry(known, now);
  }

  delete(key: RecordKey): void {
    const known = this.#all.get(key);
    if (known === undefined) return;
    known.at = 'out';
    this.#all.delete(key);
    this.#helpless.delete(key);
  }

  /** The next to be placed, which is then out. */
  take(now: number): Queued | undefined {
    this.#flush(now);
    const taken =
      this.#first(this.#active, 'active') ?? this.#first(this.#later, 'later', (it) => !it.isBroken);
    if (taken === undefined) return undefined;
    taken.at = 'out';
    taken.attempts++;
    return taken;
  }

  /** No node would have it, or (`isBroken`) something went wrong: it comes back when that may have changed. */
  giveBack(queued: Queued, now: number, rejectedBy: ReadonlySet<Plugin>, isBroken = false): void {
    if (this.#all.get(queued.key) !== queued) return;
    Object.assign(queued, { failedAt: now, rejectedBy, isBroken });
    if (isBroken) this.#delay(queued, now);
    else {
      Object.assign(queued, { at: 'helpless', since: now });
      this.#helpless.set(queued.key, queued);
    }
  }

  /** Those that are helpless, and for whom something may have changed, are tried again. */
  wake(isHelped: (queued: Queued) => boolean, now: number): void {
    for (const queued of [...this.#helpless.values()]) if (isHelped(queued)) this.#retry(queued, now);
  }

  /** Whether there is somebody to be placed at once. */
  hasNext(now: number): boolean {
    this.#flush(now);
    return (
      this.#peek(this.#active, 'active') !== undefined ||
      this.#peek(this.#later, 'later')?.queued.isBroken === false
    );
  }

  /** When somebody is to be tried whatever happens, ms; undefined: nobody waits. */
  nextAt(): number | undefined {
    const later = this.#peek(this.#later, 'later')?.due;
    const [oldest] = this.#helpless.values();
    const times = [later, oldest && oldest.since + flushMs].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #flush(now: number): void {
    for (let entry = this.#peek(this.#later, 'later'); entry !== undefined && entry.due <= now; ) {
      this.#later.pop();
      this.#activate(entry.queued, now);
      entry = this.#peek(this.#later, 'later');
    }
    for (const queued of this.#helpless.values()) {
      if (queued.since + flushMs > now) break;
      this.#retry(queued, now);
    }
  }

  #retry(queued: Queued, now: number): void {
    this.#helpless.delete(queued.key);
    if (readyAt(queued) <= now) this.#activate(queued, now);
    else this.#delay(queued, now);
  }

  #activate(queued: Queued, now: number): void {
    Object.assign(queued, { at: 'active', since: now, order: this.#order++ });
    this.#active.push({ queued, order: queued.order, due: now, priority: queued.info.priority });
  }

  #delay(queued: Queued, now: number): void {
    Object.assign(queued, { at: 'later', since: now, order: this.#order++ });
    this.#later.push({ queued, order: queued.order, due: readyAt(queued), priority: queued.info.priority });
  }

  /** The first that is still there. */
  #peek(heap: Heap<Entry>, at: Queued['at']): Entry | undefined {
    for (;;) {
      const entry = heap.peek();
      if (entry === undefined || (entry.queued.at === at && entry.queued.order === entry.order)) return entry;
      heap.pop();
    }
  }

  #first(
    heap: Heap<Entry>,
    at: Queued['at'],
    may: (queued: Queued) => boolean = () => true,
  ): Queued | undefined {
    const entry = this.#peek(heap, at);
    if (entry === undefined || !may(entry.queued)) return undefined;
    heap.pop();
    return entry.queued;
  }
}

interface Entry {
  readonly queued: Queued;
  /** Of the pod when it came here: another by now means that it has left. */
  readonly order: number;
  readonly due: number;
  readonly priority: number;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.priority !== other.priority
    ? one.priority > other.priority
    : one.due !== other.due
      ? one.due < other.due
      : one.order < other.order;

/** What of a pod decides about its place. */
const asks = ({ pod, shape }: PodInfo): string =>
  JSON.stringify([
    shape.signature,
    pod.metadata.labels,
    pod.spec.affinity,
    pod.spec.topologySpreadConstraints,
  ]);
