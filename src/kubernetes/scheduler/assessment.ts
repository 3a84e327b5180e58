import { isSelected } from '../controllers/node-fit.ts';
import { judgeNode, standsTaints, type Words } from './node-filters.ts';
import type { NodeInfo } from './node-info.ts';
import { balance, imageLocality, leastAllocated, preference, unwelcomeTaints } from './node-scores.ts';
import type { PodShape } from './pod-shape.ts';
import type { Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';

/**
 * What all pods of one shape are to every node by itself: whether there is room, and how well it suits. It is remembered by
 * the node's version, so that placing a thousand alike looks at each node once, and afterwards only at those that changed.
 */
export class Assessment {
  readonly shape: PodShape;
  readonly #view: ClusterView;
  readonly #words: Words;
  /** By slot, as all that follows. */
  readonly #versions: number[] = [];
  readonly #verdicts: (Verdict | undefined)[] = [];
  /** What needs no comparison with other nodes. */
  readonly own: number[] = [];
  readonly taints: number[] = [];
  readonly preferences: number[] = [];
  /** Whether pods there count where those are spread that only may be on some nodes. */
  readonly #eligible: { readonly selected: boolean; readonly stands: boolean }[] = [];
  #offers = 0;

  constructor(shape: PodShape, view: ClusterView, words: Words) {
    this.shape = shape;
    this.#view = view;
    this.#words = words;
  }

  /** Why there is no room; undefined: there is. Scores of the node hold afterwards. */
  verdict(info: NodeInfo): Verdict | undefined {
    this.#look(info);
    return this.#verdicts[info.slot];
  }

  /** @returns whether the node is one of those that the pod selects, and whether it stands its taints. */
  eligibility(info: NodeInfo): { readonly selected: boolean; readonly stands: boolean } {
    this.#look(info);
    return this.#eligible[info.slot] ?? neither;
  }

  #look(info: NodeInfo): void {
    if (this.#offers !== this.#view.offers) {
      this.#versions.fill(0);
      this.#offers = this.#view.offers;
    }
    const { slot, node, version } = info;
    if (this.#versions[slot] === version) return;
    while (this.#versions.length <= slot) this.#addSlot();
    this.#versions[slot] = version;
    const { shape } = this;
    const verdict = judgeNode(info, shape, this.#words);
    this.#verdicts[slot] = verdict;
    if (node === undefined) return;
    this.#eligible[slot] = {
      selected: !shape.choosesNodes || isSelected(node, shape.spec),
      stands: standsTaints(node, shape.spec.tolerations),
    };
    if (verdict !== undefined) return;
    this.own[slot] =
      leastAllocated(info, shape) + balance(info, shape) + imageLocality(node, shape, this.#view);
    this.taints[slot] = unwelcomeTaints(node, shape.spec.tolerations);
    this.preferences[slot] = preference(node, shape.spec);
  }

  #addSlot(): void {
    this.#versions.push(0);
    this.#verdicts.push(undefined);
    this.#eligible.push(neither);
    for (const column of [this.own, this.taints, this.preferences]) column.push(0);
  }
}

const neither = { selected: false, stands: false };
