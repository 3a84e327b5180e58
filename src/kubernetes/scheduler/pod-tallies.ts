import type { Labels, SelectsLabels } from '../controllers/label-selector.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Term } from './pod-terms.ts';
import { Tally } from './tally.ts';

/** What pods on nodes want of others, all that want the same together. */
export interface Wish {
  readonly kind: 'apart' | 'near' | 'preferred';
  readonly term: Term;
  /** Of the preferred. */
  readonly weight: number;
  /** The pods that want it. */
  readonly tally: Tally;
}

interface Placed {
  readonly info: PodInfo;
  readonly on: NodeInfo;
}

/** Tallies that nobody asked for longest are dropped; whoever asks again counts anew. */
const mostKept = 256;

/**
 * How many pods there are on each node of every sort that decisions have asked for, kept up to date with each pod that comes
 * or goes.
 */
export class PodTallies {
  readonly #namespaceLabels: (namespace: string) => Labels | undefined;
  readonly #placed: () => Iterable<Placed>;
  /** In the order in which they were last asked for. */
  readonly #kept = new Map<string, { readonly tally: Tally; readonly namespace: string | undefined }>();
  /** Those of them that are about one namespace, and about several. */
  readonly #inNamespace = new Map<string, Set<Tally>>();
  readonly #inSeveral = new Set<Tally>();
  readonly #wishes = new Map<string, Wish>();
  readonly #wishesInNamespace = new Map<string, Set<Wish>>();
  readonly #wishesInSeveral = new Set<Wish>();

  constructor(namespaceLabels: (namespace: string) => Labels | undefined, placed: () => Iterable<Placed>) {
    this.#namespaceLabels = namespaceLabels;
    this.#placed = placed;
  }

  /** Whether a term is about the pod. */
  isMeant({ namespaces, inNamespace, selects }: Term, { pod, namespace }: PodInfo): boolean {
    const isThere =
      namespaces.includes(namespace) || inNamespace?.(this.#namespaceLabels(namespace) ?? {}) === true;
    return isThere && selects(pod.metadata.labels);
  }

  /** Pods that are not about to go, of one namespace. */
  selected(namespace: string, key: string, selects: SelectsLabels): Tally {
    return this.#tally(
      `selected ${namespace} ${key}`,
      namespace,
      (info) => isStaying(info) && selects(info.pod.metadata.labels),
    );
  }

  /** Pods that all terms are about. */
  meant(terms: readonly Term[]): Tally {
    const [first] = terms;
    const namespace = first === undefined ? undefined : onlyNamespace(first);
    const key = `meant ${terms.map((term) => term.key).join(' ')}`;
    return this.#tally(key, namespace, (info) => terms.every((term) => this.isMeant(term, info)));
  }

  /** What pods on nodes want that is about the pod. */
  wishesAbout(info: PodInfo, kinds: readonly Wish['kind'][]): readonly Wish[] {
    const own = this.#wishesInNamespace.get(info.namespace);
    if (own === undefined && this.#wishesInSeveral.size === 0) return nobody;
    return [...(own ?? []), ...this.#wishesInSeveral].filter(
      ({ kind, term }) => kinds.includes(kind) && this.isMeant(term, info),
    );
  }

  add(info: PodInfo, slot: number, change: 1 | -1): void {
    for (const tally of this.#inNamespace.get(info.namespace) ?? nobody)
      if (tally.counts(info)) tally.add(slot, change);
    for (const tally of this.#inSeveral) if (tally.counts(info)) tally.add(slot, change);
    const { near, apart, preferred } = info.terms;
    for (const term of near) this.#addWish('near', term, 1, slot, change);
    for (const term of apart) this.#addWish('apart', term, 1, slot, change);
    for (const term of preferred) this.#addWish('preferred', term, term.weight, slot, change);
  }

  /** A namespace's labels have changed: what is counted by them is counted anew when it is asked for. */
  forgetNamespaces(): void {
    for (const [key, { namespace }] of this.#kept) if (namespace === undefined) this.#drop(key);
  }

  #tally(key: string, namespace: string | undefined, counts: (info: PodInfo) => boolean): Tally {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.tally;
    }
    const tally = new Tally(counts);
    for (const { info, on } of this.#placed())
      if ((namespace === undefined || info.namespace === namespace) && counts(info)) tally.add(on.slot, 1);
    this.#kept.set(key, { tally, namespace });
    if (namespace === undefined) this.#inSeveral.add(tally);
    else addTo(this.#inNamespace, namespace, tally);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#drop(oldest);
    }
    return tally;
  }

  #drop(key: string): void {
    const found = this.#kept.get(key);
    this.#kept.delete(key);
    if (found === undefined) return;
    if (found.namespace === undefined) this.#inSeveral.delete(found.tally);
    else removeFrom(this.#inNamespace, found.namespace, found.tally);
  }

  #addWish(kind: Wish['kind'], term: Term, weight: number, slot: number, change: 1 | -1): void {
    const key = `${kind} ${weight} ${term.key}`;
    let wish = this.#wishes.get(key);
    const namespace = onlyNamespace(term);
    if (wish === undefined) {
      wish = { kind, term, weight, tally: new Tally(() => false) };
      this.#wishes.set(key, wish);
      if (namespace === undefined) this.#wishesInSeveral.add(wish);
      else addTo(this.#wishesInNamespace, namespace, wish);
    }
    wish.tally.add(slot, change);
    if (wish.tally.total > 0) return;
    this.#wishes.delete(key);
    if (namespace === undefined) this.#wishesInSeveral.delete(wish);
    else removeFrom(this.#wishesInNamespace, namespace, wish);
  }
}

const nobody: readonly never[] = [];

const isStaying = ({ pod }: PodInfo): boolean => pod.metadata.deletionTimestamp === undefined;

/** Undefined: it is about several, or about those with some labels. */
const onlyNamespace = ({ namespaces, namespaceSelector }: Term): string | undefined =>
  namespaces.length === 1 && namespaceSelector === undefined ? namespaces[0] : undefined;

function addTo<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function removeFrom<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
