import { type Random, seededRandom } from '../../../clock/index.ts';
import type { Collection, Reader, RecordKey, Stored } from '../../../reconcile/index.ts';
import { clusterWide, nodes, pods } from '../../controllers/collections.ts';
import type { Kept } from '../../controllers/objects.ts';
import { timestamp } from '../../objects/object.ts';
import { ClusterScheduler } from '../cluster-scheduler.ts';
import type { PlacedNode, PlacedPod, PlacedSpec } from '../objects.ts';
import { type Claimed, whyNot } from './rules.ts';

const work = '/kubernetes/111122223333/eu-west-1/pods/c1/';
const zones = ['a', 'b', 'c'];
const start = Date.UTC(2026, 0, 1);

/** Records that tests put, read as the state's are. */
class Records implements Reader {
  readonly #kinds = new Map<string, Map<RecordKey, object>>();

  put(noun: string, key: RecordKey, value: object): void {
    const kind = this.#kinds.get(noun) ?? new Map<RecordKey, object>();
    this.#kinds.set(noun, kind.set(key, value));
  }

  delete(noun: string, key: RecordKey): void {
    this.#kinds.get(noun)?.delete(key);
  }

  get<T extends object>({ noun }: Collection<T, string>, key: RecordKey): T | undefined {
    return this.#kinds.get(noun)?.get(key) as T | undefined;
  }

  list<T extends object>({ noun }: Collection<T, string>, prefix = ''): Iterable<Stored<T>> {
    return [...(this.#kinds.get(noun) ?? [])]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value: value as T, revision: 1 }));
  }

  byIndex(): readonly never[] {
    return [];
  }

  countByIndex(): number {
    return 0;
  }

  latestByIndex(): number {
    return 0;
  }
}

/** A cluster whose scheduler decides about what happens to it, with every placement checked by rules of their own. */
export class SchedulingModel {
  readonly random: Random;
  readonly records = new Records();
  now = start;
  placements = 0;
  #made = 0;
  #scheduler: ClusterScheduler;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.#scheduler = this.#newScheduler();
  }

  get nodes(): readonly PlacedNode[] {
    return Array.from(this.records.list(nodes), ({ value }) => value as PlacedNode);
  }

  get pods(): readonly PlacedPod[] {
    return Array.from(this.records.list(pods), ({ value }) => value as PlacedPod);
  }

  putNode(name: string, cpu: number, taint?: string): void {
    const zone = zones[this.random.integer(zones.length)] ?? '';
    const before = this.nodes.find((it) => it.metadata.name === name);
    const labels = before?.metadata.labels ?? {
      'kubernetes.io/hostname': name,
      'topology.kubernetes.io/zone': zone,
    };
    const node: PlacedNode = {
      ...{ apiVersion: 'v1', kind: 'Node' },
      metadata: { ...this.#meta(name), labels },
      spec: { taints: taint === undefined ? [] : [{ key: taint, effect: 'NoSchedule' }] },
      status: { allocatable: { cpu: String(cpu), memory: '8Gi', pods: '12' } },
    };
    this.#put(nodes, `${clusterWide(work, nodes)}${name}` as RecordKey, node);
  }

  removeNode(name: string): void {
    this.#delete(nodes, `${clusterWide(work, nodes)}${name}` as RecordKey);
    for (const pod of this.pods) if (pod.spec.nodeName === name) this.removePod(pod);
  }

  addPod(spec: Partial<PlacedSpec>, app: string): void {
    const name = `pod-${++this.#made}`;
    const pod: PlacedPod = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { ...this.#meta(name), namespace: 'default', labels: { app } },
      spec: { containers: [], ...spec },
    };
    this.#put(pods, this.#keyOf(pod), pod);
  }

  removePod(pod: PlacedPod): void {
    this.#delete(pods, this.#keyOf(pod));
  }

  /** All that was known is gone; what is in the records is there. */
  crash(): void {
    this.#scheduler = this.#newScheduler();
  }

  /** Decides about some of those that wait; some bindings come to nothing. @throws {Error} a placement breaks a rule. */
  turn(mostPods: number, luck = 1): void {
    this.now += this.random.integer(500);
    this.#scheduler.catchUp(this.now);
    const { placed, unplaced } = this.#scheduler.decide(this.now, (decided) => decided >= mostPods);
    /** Those that come after them were decided as if these had a node. */
    const unlucky: Claimed[] = [];
    for (const placement of placed) {
      const { key, info } = placement.queued;
      const pod = this.records.get(pods, key) as PlacedPod | undefined;
      if (pod === undefined) throw new Error(`${key} was placed and is gone`);
      if (pod.spec.nodeName !== undefined) throw new Error(`${key} was placed twice`);
      const reason = this.#whyNot(info.pod, placement.nodeName, unlucky);
      if (reason !== undefined) throw new Error(`${key} can't be on ${placement.nodeName}: ${reason}`);
      const bound = { ...pod, spec: { ...pod.spec, nodeName: placement.nodeName } };
      if (this.random.float() >= luck) {
        this.#scheduler.takeBack(placement, this.now);
        unlucky.push(bound);
        continue;
      }
      this.#put(pods, key, bound);
      this.placements++;
    }
    for (const { preemption } of unplaced)
      for (const { pod } of preemption?.node === undefined ? [] : preemption.victims) this.removePod(pod);
  }

  /** Until nobody can be placed any more, without ever waiting so long that everybody is tried anyway. */
  settle(): void {
    for (let round = 0; round < 12; round++) {
      for (let turn = 0; turn < 200; turn++) {
        this.turn(50);
        if (!this.#scheduler.queue.hasNext(this.now)) break;
      }
      this.now += 1_000;
    }
  }

  /** Pods that wait though there is a node for them. */
  forgotten(): readonly string[] {
    return this.pods
      .filter(({ spec }) => spec.nodeName === undefined)
      .filter((pod) => this.nodes.some(({ metadata }) => this.#whyNot(pod, metadata.name) === undefined))
      .map(({ metadata }) => metadata.name);
  }

  #whyNot(pod: PlacedPod, nodeName: string, also: readonly Claimed[] = []): string | undefined {
    const there = this.pods.filter(({ spec }) => spec.nodeName !== undefined) as readonly Claimed[];
    return whyNot(pod, nodeName, this.nodes, [...there, ...also]);
  }

  #newScheduler(): ClusterScheduler {
    return new ClusterScheduler(this.records, (kind) => clusterWide(work, kind), {
      ...{ random: this.random, words: { namesTaints: false }, now: this.now },
    });
  }

  #put({ noun }: { readonly noun: string }, key: RecordKey, value: object): void {
    this.records.put(noun, key, value);
    this.#scheduler.note(key);
  }

  #delete({ noun }: { readonly noun: string }, key: RecordKey): void {
    this.records.delete(noun, key);
    this.#scheduler.note(key);
  }

  #keyOf({ metadata }: PlacedPod): RecordKey {
    return `${work}default/${metadata.name}` as RecordKey;
  }

  #meta(name: string): Kept['metadata'] {
    return { name, uid: name, creationTimestamp: timestamp(this.now) };
  }
}
