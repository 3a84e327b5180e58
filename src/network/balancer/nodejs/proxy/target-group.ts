import { createHash } from 'node:crypto';
import type { ObservedHealth, TargetGroupPlan, TargetPlan } from '../../../../balancing/index.ts';
import type { Random } from '../../../../clock/index.ts';
import { endsConnections, targetKey, targetName } from '../../targets.ts';
import { GroupMeter, Target, type TargetParts } from './target.ts';

/** A target group at a node: its targets, and which of them is next. */
export class TargetGroup implements Disposable {
  readonly meter = new GroupMeter();
  readonly #targets = new Map<string, Target>();
  readonly #parts: TargetParts;
  readonly #random: Random;
  #plan: TargetGroupPlan;
  #turn = 0;

  constructor(plan: TargetGroupPlan, parts: TargetParts, random: Random) {
    this.#plan = plan;
    this.#parts = parts;
    this.#random = random;
  }

  get plan(): TargetGroupPlan {
    return this.#plan;
  }

  get targets(): Iterable<Target> {
    return this.#targets.values();
  }

  /**
   * @param targets Those that the node sends to.
   * @param known What is known of targets that are new here, by `targetName`.
   */
  follow(
    plan: TargetGroupPlan,
    targets: readonly TargetPlan[],
    known: ReadonlyMap<string, ObservedHealth>,
  ): void {
    this.#plan = plan;
    const wanted = new Map(targets.map((target) => [targetKey(target), target]));
    for (const [key, target] of this.#targets) {
      const { address } = wanted.get(key) ?? {};
      if (address === target.plan.address) continue;
      this.#targets.delete(key);
      target.leave(endsConnections(plan));
    }
    for (const [key, target] of wanted) {
      const here = this.#targets.get(key);
      if (here !== undefined) here.plan = target;
      else {
        const health = known.get(targetName(plan, target));
        this.#targets.set(key, new Target(target, () => this.#plan, this.meter, this.#parts, health));
      }
    }
  }

  /** Those that may get something new: the ones that are well, all of them when none is. */
  candidates(): readonly Target[] {
    const all = [...this.#targets.values()].filter(({ plan }) => !plan.isDraining);
    const healthy = all.filter(({ health }) => health.state === 'healthy');
    return healthy.length > 0 ? healthy : all;
  }

  /** Where the next request or connection goes. @param clientAddress Decides where `source_ip` is asked for. */
  next(clientAddress: string): Target | undefined {
    const candidates = this.candidates();
    if (candidates.length <= 1) return candidates[0];
    if (this.#plan.stickiness.type === 'source_ip') return closest(candidates, clientAddress);
    // One that starts slowly passes on what is more than its share.
    for (let tried = 0; tried < candidates.length; tried += 1) {
      const target = this.#choose(candidates);
      if (target === undefined || target.share >= 1 || this.#random.float() < target.share) return target;
    }
    return this.#choose(candidates);
  }

  #choose(candidates: readonly Target[]): Target | undefined {
    const first = this.#turn % candidates.length;
    this.#turn = first + 1;
    switch (this.#plan.algorithm) {
      case 'round_robin':
        return candidates[first];
      case 'weighted_random':
        return candidates[this.#random.integer(candidates.length)];
      case 'least_outstanding_requests': {
        const inTurn = [...candidates.slice(first), ...candidates.slice(0, first)];
        return inTurn.reduce((least, each) => (each.outstanding < least.outstanding ? each : least));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const target of this.#targets.values()) target.leave(endsConnections(this.#plan));
  }
}

/** The same for a client as long as that target is there, whatever becomes of the others. */
function closest(candidates: readonly Target[], clientAddress: string): Target | undefined {
  const weight = ({ plan }: Target): string =>
    createHash('sha256')
      .update(`${clientAddress} ${targetKey(plan)}`)
      .digest('hex');
  const weighed = candidates.map((target) => ({ target, weight: weight(target) }));
  return weighed.sort((one, other) => (one.weight < other.weight ? -1 : 1))[0]?.target;
}
