import type { RecordKey } from '../../reconcile/index.ts';
import { jsonEqual } from '../../store/index.ts';
import type { Labels } from '../controllers/label-selector.ts';
import { Topology } from './columns.ts';
import { NodeInfo } from './node-info.ts';
import { inTurns, zoneOf } from './node-order.ts';
import type { PlacedNode } from './objects.ts';
import { countsAlike, type PodInfo } from './pod-info.ts';
import { PodTallies } from './pod-tallies.ts';

/**
 * What decisions look at: the nodes of a cluster with the pods on them, those that are about to be bound included. It is kept
 * up to date by what changes; nothing of it is made anew for a decision.
 */
export class ClusterView {
  readonly tallies: PodTallies;
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where pods are: by their keys. */
  readonly #placed = new Map<RecordKey, { readonly info: PodInfo; readonly on: NodeInfo }>();
  /** Pods that others make room for, by their keys. */
  readonly #nominated = new Map<RecordKey, { readonly info: PodInfo; readonly nodeName: string }>();
  /** How many placed pods use a claim: by namespace and name. */
  readonly #claims = new Map<string, number>();
  /** How many placed pods have each priority. */
  readonly #priorities = new Map<number, number>();
  readonly #freeSlots: number[] = [];
  readonly #topologies = new Map<string, Topology>();
  /** How many nodes have an image, by its name. */
  readonly #images = new Map<string, { nodes: number; sizeBytes: number }>();
  #slots = 0;
  #order: readonly NodeInfo[] | undefined;
  #offers = 1;

  /** @param namespaceLabels Of a namespace of the cluster. */
  constructor(namespaceLabels: (namespace: string) => Labels | undefined) {
    this.tallies = new PodTallies(namespaceLabels, () => this.#placed.values());
  }

  /** The nodes that there are, zone by zone in turns. */
  get nodes(): readonly NodeInfo[] {
    this.#order ??= inTurns([...this.#nodes.values()]);
    return this.#order;
  }

  /** Slots are less than this. */
  get slots(): number {
    return this.#slots;
  }

  /** Grows when nodes come or go, or get images: scores of images before that no longer hold. */
  get offers(): number {
    return this.#offers;
  }

  node(name: string): NodeInfo | undefined {
    const found = this.#nodes.get(name);
    return found?.node === undefined ? undefined : found;
  }

  /** The pod of a key, where it is on a node. */
  placed(key: RecordKey): { readonly info: PodInfo; readonly on: NodeInfo } | undefined {
    return this.#placed.get(key);
  }

  /** Whether there is a pod on any node that is less important. */
  hasBelow(priority: number): boolean {
    for (const known of this.#priorities.keys()) if (known < priority) return true;
    return false;
  }

  /** Whether a pod that has a node uses a claim of the pod's namespace. */
  isClaimUsed({ namespace }: PodInfo, claim: string): boolean {
    return this.#claims.has(`${namespace}/${claim}`);
  }

  /** Where others make room for the pod. */
  nominatedNode(key: RecordKey): string | undefined {
    return this.#nominated.get(key)?.nodeName;
  }

  /** A pod that others make room for. */
  nominated(key: RecordKey): PodInfo | undefined {
    return this.#nominated.get(key)?.info;
  }

  /** @param nodeName Undefined: nowhere any more. */
  nominate(info: PodInfo, nodeName: string | undefined): void {
    if (nodeName === undefined) this.#nominated.delete(info.key);
    else this.#nominated.set(info.key, { info, nodeName });
  }

  /** For whom room is being made on the node who is at least as important as the pod. */
  nominatedBefore(info: PodInfo, nodeName: string): readonly PodInfo[] {
    if (this.#nominated.size === 0) return nobody;
    return this.nominatedOn(nodeName).filter(
      (other) => other.priority >= info.priority && other.key !== info.key,
    );
  }

  nominatedOn(nodeName: string): readonly PodInfo[] {
    return [...this.#nominated.values()].filter((it) => it.nodeName === nodeName).map(({ info }) => info);
  }

  image(name: string): { readonly nodes: number; readonly sizeBytes: number } | undefined {
    return this.#images.get(name);
  }

  /** Which value of a label each node has. */
  topology(key: string): Topology {
    const known = this.#topologies.get(key);
    // Names of nodes that are long gone are not kept for ever.
    if (known !== undefined && known.size <= 2 * this.#slots + mostIdleValues) return known;
    const topology = new Topology(key);
    for (const { slot, node } of this.#nodes.values()) topology.set(slot, labelOf(node, key));
    this.#topologies.set(key, topology);
    return topology;
  }

  /** @param node Undefined: it is gone. */
  setNode(name: string, node: PlacedNode | undefined): void {
    const info = this.#nodes.get(name) ?? (node && this.#newNode(name));
    if (info === undefined) return;
    const before = info.node;
    info.setNode(node);
    this.#countImages(before, node);
    const comesOrGoes = (before === undefined) !== (node === undefined);
    if (comesOrGoes) this.#offers++;
    if (comesOrGoes || zoneOf(before) !== zoneOf(node)) this.#order = undefined;
    for (const [key, topology] of this.#topologies) topology.set(info.slot, labelOf(node, key));
    this.#dropIfUnused(info);
  }

  /** The pod is on the node, or is taken to be; wherever it was before. */
  place(info: PodInfo, nodeName: string): void {
    const before = this.#placed.get(info.key);
    if (before !== undefined && before.on.name === nodeName && countsAlike(before.info, info)) {
      // Most are placed twice: as was decided, and then as it stands in the store.
      before.on.replace(info);
      this.#placed.set(info.key, { info, on: before.on });
      this.#nominated.delete(info.key);
      return;
    }
    this.remove(info.key);
    const on = this.#nodes.get(nodeName) ?? this.#newNode(nodeName);
    on.add(info);
    this.#placed.set(info.key, { info, on });
    this.#nominated.delete(info.key);
    this.#count(info, 1);
    this.tallies.add(info, on.slot, 1);
  }

  /** @returns what was there. */
  remove(key: RecordKey): PodInfo | undefined {
    const found = this.#placed.get(key);
    if (found === undefined) return undefined;
    this.#placed.delete(key);
    found.on.remove(found.info);
    this.#count(found.info, -1);
    this.tallies.add(found.info, found.on.slot, -1);
    this.#dropIfUnused(found.on);
    return found.info;
  }

  /** The pod is gone. */
  forget(key: RecordKey): void {
    this.remove(key);
    this.#nominated.delete(key);
  }

  #count({ namespace, priority, claims }: PodInfo, change: 1 | -1): void {
    addTo(this.#priorities, priority, change);
    for (const claim of claims) addTo(this.#claims, `${namespace}/${claim}`, change);
  }

  #newNode(name: string): NodeInfo {
    const info = new NodeInfo(name, this.#freeSlots.pop() ?? this.#slots++);
    this.#nodes.set(name, info);
    for (const topology of this.#topologies.values()) topology.set(info.slot, undefined);
    return info;
  }

  #dropIfUnused(info: NodeInfo): void {
    if (info.node !== undefined || info.pods.size > 0) return;
    this.#nodes.delete(info.name);
    this.#freeSlots.push(info.slot);
  }

  #countImages(before: PlacedNode | undefined, after: PlacedNode | undefined): void {
    const [old, now] = [before?.status?.images, after?.status?.images];
    if (jsonEqual(old ?? [], now ?? [])) return;
    this.#offers++;
    for (const { name } of imagesOf(before)) {
      const known = this.#images.get(name);
      if (known !== undefined && --known.nodes === 0) this.#images.delete(name);
    }
    for (const { name, sizeBytes } of imagesOf(after)) {
      const known = this.#images.get(name);
      if (known === undefined) this.#images.set(name, { nodes: 1, sizeBytes });
      else known.nodes++;
    }
  }
}

/** What is none is not there. */
function addTo<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

const mostIdleValues = 64;
const nobody: readonly never[] = [];

const labelOf = (node: PlacedNode | undefined, key: string): string | undefined => {
  const labels = node?.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
};

/** Each name once. */
function imagesOf(node: PlacedNode | undefined): readonly { name: string; sizeBytes: number }[] {
  const sizes = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node?.status?.images ?? [])
    for (const name of names) sizes.set(name, sizeBytes);
  return Array.from(sizes, ([name, sizeBytes]) => ({ name, sizeBytes }));
}
