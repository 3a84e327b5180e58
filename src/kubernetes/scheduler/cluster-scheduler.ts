import type { Random } from '../../clock/index.ts';
import type { Reader, RecordKey } from '../../reconcile/index.ts';
import { namespaces, nodes, pods } from '../controllers/collections.ts';
import { isTerminal } from '../controllers/pods.ts';
import { AwaitedVolumes } from './awaited-volumes.ts';
import { type ClusterEvent, isChangeOfNode, mayHelp } from './events.ts';
import type { Words } from './node-filters.ts';
import type { NodeInfo } from './node-info.ts';
import type { PlacedNode, PlacedPod } from './objects.ts';
import { type Obstacle, Placing, pluginsOf } from './place.ts';
import type { Placement } from './placement.ts';
import { nodeNameOf, type PodInfo, podInfo } from './pod-info.ts';
import type { Term } from './pod-terms.ts';
import { type Preemption, preempt } from './preempt.ts';
import { type Queued, SchedulingQueue } from './queue.ts';
import { ClusterView } from './view.ts';

export const schedulerName = 'default-scheduler';

/** A pod that has no place, and whether others go for it. */
export interface Unplaced {
  readonly queued: Queued;
  readonly obstacle: Obstacle;
  readonly preemption: Preemption | undefined;
  /** Less important pods that room was made for on the node, which is now for this one. */
  readonly displaced: readonly PodInfo[];
}

/**
 * What is known of one cluster, and who waits there: follows what is noted, and decides. It writes nothing itself.
 */
export class ClusterScheduler {
  readonly view: ClusterView;
  readonly queue = new SchedulingQueue();
  /** Reads may not show yet what was written last. */
  isBehind = false;
  readonly #reader: Reader;
  readonly #start: (noun: { readonly noun: string }) => string;
  readonly #placing: Placing;
  readonly #random: Random;
  readonly #awaited: AwaitedVolumes;
  /** What has changed since it was last looked at. */
  readonly #noted = new Set<RecordKey>();

  /** @param start What the keys of a kind of the cluster begin with. */
  constructor(
    reader: Reader,
    start: (noun: { readonly noun: string }) => string,
    { random, words, now }: { readonly random: Random; readonly words: Words; readonly now: number },
  ) {
    this.#reader = reader;
    this.#random = random;
    this.#start = start;
    this.view = new ClusterView(
      (name) => reader.get(namespaces, this.#key(namespaces, name))?.metadata.labels,
    );
    this.#awaited = new AwaitedVolumes(reader);
    this.#placing = new Placing(this.view, reader, random, words);
    for (const kind of [nodes, pods])
      for (const { key } of reader.list(kind, start(kind))) this.#noted.add(key);
    this.catchUp(now);
  }

  note(key: RecordKey): void {
    this.#noted.add(key);
  }

  /** Looks at what was noted, and wakes those whom it may help. */
  catchUp(now: number): void {
    if (this.#noted.size === 0 && this.#awaited.size === 0) return;
    const events: ClusterEvent[] = [];
    for (const key of this.#noted) this.#look(key, now, events);
    this.#noted.clear();
    for (const given of this.#awaited.givenUp(now)) this.takeBack(given, now);
    this.#wake(events, now);
  }

  /** Places whoever is next, until `isEnough`; those that are placed count as being there. */
  decide(now: number, isEnough: (decided: number) => boolean): { placed: Placement[]; unplaced: Unplaced[] } {
    const placed: Placement[] = this.#awaited.ready(now);
    const unplaced: Unplaced[] = [];
    for (let decided = 0; !isEnough(decided); decided++) {
      const queued = this.queue.take(now);
      if (queued === undefined) break;
      const decision = this.#placing.decide(queued.info);
      if (decision.node === undefined) {
        this.queue.giveBack(queued, now, pluginsOf(decision.obstacle));
        unplaced.push(this.#makeRoom(queued, decision.obstacle, now));
      } else {
        this.view.place(queued.info, decision.node.name);
        placed.push({ queued, nodeName: decision.node.name, steps: decision.steps });
      }
    }
    return { placed, unplaced };
  }

  /** Its volumes are being bound or made: until then the pod counts as being on its node. */
  awaitVolumes(placement: Placement, now: number): void {
    this.#awaited.add(placement, now);
  }

  /** When the first of those whose volumes do not come is given up, ms. */
  nextAt(): number | undefined {
    const times = [this.queue.nextAt(), this.#awaited.nextAt()].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Counts the node as the pod's where others go for it, though they are still there. */
  #makeRoom(queued: Queued, obstacle: Obstacle, now: number): Unplaced {
    const { info } = queued;
    if (obstacle.nodes === 0) return { queued, obstacle, preemption: undefined, displaced: [] };
    const { view } = this;
    const judge = (pod: PodInfo, node: NodeInfo) => this.#placing.judge(pod, node);
    const preemption = preempt({ view, reader: this.#reader, random: this.#random, judge }, info, obstacle);
    if (preemption.node === undefined) {
      if (preemption.reasons !== undefined && view.nominated(info.key) !== undefined) {
        // It doesn't help any more: others may have the room.
        view.nominate(info, undefined);
        this.#wake([{ type: 'pod-left', info }], now);
      }
      return { queued, obstacle, preemption, displaced: [] };
    }
    const { name } = preemption.node;
    const displaced = view.nominatedOn(name).filter(({ priority }) => priority < info.priority);
    for (const other of displaced) view.nominate(other, undefined);
    view.nominate(info, name);
    return { queued, obstacle, preemption, displaced };
  }

  /** What was decided did not come to be: the pod is what the store says. */
  takeBack({ queued }: Placement, now: number): void {
    this.view.remove(queued.key);
    this.queue.giveBack(queued, now, new Set(), true);
    this.#noted.add(queued.key);
    this.#wake([{ type: 'pod-left', info: queued.info }], now);
  }

  #wake(events: readonly ClusterEvent[], now: number): void {
    if (events.length === 0) return;
    const { tallies } = this.view;
    const isMeant = (term: Term, pod: PodInfo): boolean => tallies.isMeant(term, pod);
    const isHelped = ({ info, rejectedBy }: Queued, event: ClusterEvent): boolean => {
      // Where there were no nodes, nobody in particular is to blame.
      if (rejectedBy.size === 0) return event.type === 'node';
      for (const plugin of rejectedBy) if (mayHelp(info, plugin, event, isMeant)) return true;
      return false;
    };
    this.queue.wake((queued) => events.some((event) => isHelped(queued, event)), now);
  }

  #look(key: RecordKey, now: number, events: ClusterEvent[]): void {
    if (key.startsWith(this.#start(pods))) {
      const kept = this.view.nominated(key);
      this.#lookAtPod(key, now, events);
      // Room was being made for it, which others may have now.
      if (kept !== undefined && this.view.nominated(key) === undefined)
        events.push({ type: 'pod-left', info: kept });
    } else if (key.startsWith(this.#start(nodes))) this.#lookAtNode(key, events);
    else if (key.startsWith(this.#start(namespaces))) this.view.tallies.forgetNamespaces();
    else events.push({ type: 'storage' });
  }

  #lookAtNode(key: RecordKey, events: ClusterEvent[]): void {
    const node: PlacedNode | undefined = this.#reader.get(nodes, key);
    const name = node?.metadata.name ?? decodeURIComponent(key.slice(key.lastIndexOf('/') + 1));
    const before = this.view.node(name)?.node;
    this.view.setNode(name, node);
    if (node === undefined) events.push({ type: 'node-gone' });
    else if (isChangeOfNode(before, node)) events.push({ type: 'node', before, after: node });
  }

  #lookAtPod(key: RecordKey, now: number, events: ClusterEvent[]): void {
    const pod = this.#reader.get(pods, key) as PlacedPod | undefined;
    const before = this.view.placed(key)?.info;
    if (pod === undefined || isTerminal(pod)) {
      this.queue.delete(key);
      this.#awaited.delete(key);
      if (before !== undefined) events.push({ type: 'pod-left', info: before });
      this.view.forget(key);
      return;
    }
    if (nodeNameOf(pod) === undefined) {
      if (this.#awaited.isStill(key, pod) && isWaiting(pod)) return;
      this.#awaited.delete(key);
      if (before !== undefined) this.view.remove(key);
      this.#lookAtWaiting(podInfo(key, pod), now);
      return;
    }
    this.queue.delete(key);
    this.#awaited.delete(key);
    const info = podInfo(key, pod, before);
    this.view.place(info, nodeNameOf(pod) ?? '');
    // What was only decided so far counts as new: others may have been waiting for it.
    const isNew = before === undefined || nodeNameOf(before.pod) === undefined;
    if (isNew || hasOtherLabels(before, info)) events.push({ type: 'pod-came', info });
    if (isNew) return;
    if (hasLess(before, info)) events.push({ type: 'pod-left', info: before });
    else if (isLeaving(info) && !isLeaving(before)) events.push({ type: 'pod-leaves', info });
  }

  #lookAtWaiting(info: PodInfo, now: number): void {
    const isOwn = isWaiting(info.pod);
    this.view.nominate(info, isOwn ? info.pod.status?.nominatedNodeName : undefined);
    if (isOwn) this.queue.put(info, now);
    else this.queue.delete(info.key);
  }

  #key(collection: { readonly noun: string }, name: string): RecordKey {
    return `${this.#start(collection)}${encodeURIComponent(name)}` as RecordKey;
  }
}

/** It is this scheduler's, and may be placed. */
const isWaiting = ({ metadata, spec }: PlacedPod): boolean =>
  (spec.nodeName ?? '') === '' &&
  (spec.schedulerName ?? schedulerName) === schedulerName &&
  (spec.schedulingGates ?? []).length === 0 &&
  metadata.deletionTimestamp === undefined;

const hasOtherLabels = (before: PodInfo, after: PodInfo): boolean =>
  JSON.stringify(before.pod.metadata.labels) !== JSON.stringify(after.pod.metadata.labels);

/** It asks for other things, or counts as something else. */
const hasLess = (before: PodInfo, after: PodInfo): boolean =>
  before.shape.signature !== after.shape.signature || hasOtherLabels(before, after);

const isLeaving = ({ pod }: PodInfo): boolean => pod.metadata.deletionTimestamp !== undefined;
