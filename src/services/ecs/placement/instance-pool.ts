import type { Random } from '../../../clock/index.ts';
import type { ContainerInstanceRecord } from '../records.ts';
import type { TaskDemand } from './demand.ts';
import { isExternal } from './instance.ts';
import type { Misfit } from './misfit.ts';
import { comesIntoQuestion, type LaunchProfile, Ranking } from './ranking.ts';

/** Instances in all rankings together, at most; some hundred bytes each. */
const maxRanked = 200_000;
const leastRankings = 8;
/** Where there are few instances: a ranking costs something by itself. */
const mostRankings = 500;

/**
 * A cluster's container instances, kept so that placing a task does not look at all of them: each kind of launch
 * has a ranking, made when it is first asked for. Rankings learn of changes when they are next asked: whoever is
 * not asked costs nothing, and whoever missed more than there are instances is made anew.
 */
export class InstancePool {
  readonly #instances = new Map<string, ContainerInstanceRecord>();
  /** ACTIVE ones, and how many of those are external or Managed Instances. */
  #active = 0;
  #externals = 0;
  #managed = 0;
  /** Ids of what has changed, oldest first; `#forgotten` of them are no longer told. */
  #changes: string[] = [];
  #forgotten = 0;
  /** By what makes their profile, the least recently asked first. */
  readonly #rankings = new Map<string, { ranking: Ranking; toldUpTo: number }>();

  get size(): number {
    return this.#instances.size;
  }

  get(id: string): ContainerInstanceRecord | undefined {
    return this.#instances.get(id);
  }

  /** Whether any instance comes into question for such a task, with room for it or without. */
  isAnyFor(demand: TaskDemand): boolean {
    if (demand.isExternal) return this.#externals > 0;
    const isByProvider = demand.capacityProviderName !== undefined;
    return this.#active - this.#externals - (isByProvider ? 0 : this.#managed) > 0;
  }

  /** The instance as it is now; undefined when there is none of that id. */
  set(id: string, instance: ContainerInstanceRecord | undefined): void {
    const before = this.#instances.get(id);
    if (before === instance) return;
    this.#count(before, -1);
    this.#count(instance, 1);
    if (instance === undefined) this.#instances.delete(id);
    else this.#instances.set(id, instance);
    this.#changes.push(id);
    const kept = this.#instances.size + 1;
    if (this.#changes.length > 2 * kept) {
      this.#forgotten += this.#changes.length - kept;
      this.#changes = this.#changes.slice(-kept);
    }
  }

  /** One of the best instances for a task of this profile; undefined when none can take it. */
  best(profile: LaunchProfile, random: Random): ContainerInstanceRecord | undefined {
    return this.#ranking(profile).best(random);
  }

  /** What keeps a task from each of the instances that it could go to, of `atMost` of them. */
  misfits(profile: LaunchProfile, atMost: number): readonly (Misfit & { readonly instanceId: string })[] {
    const ranking = this.#ranking(profile);
    const misfits: (Misfit & { instanceId: string })[] = [];
    for (const instance of this.#instances.values()) {
      if (misfits.length >= atMost) break;
      const obstacle = comesIntoQuestion(instance, profile.demand) && ranking.misfitOf(instance);
      if (obstacle) misfits.push({ instanceId: instance.id, ...obstacle });
    }
    return misfits;
  }

  #count(instance: ContainerInstanceRecord | undefined, difference: number): void {
    if (instance?.status !== 'ACTIVE') return;
    this.#active += difference;
    if (isExternal(instance)) this.#externals += difference;
    if (instance.isManaged) this.#managed += difference;
  }

  #ranking(profile: LaunchProfile): Ranking {
    const key = keyOf(profile);
    const now = this.#forgotten + this.#changes.length;
    const known = this.#rankings.get(key);
    this.#rankings.delete(key);
    if (known !== undefined && known.toldUpTo >= this.#forgotten && now - known.toldUpTo <= this.size) {
      for (let next = known.toldUpTo - this.#forgotten; next < this.#changes.length; next += 1) {
        const id = this.#changes[next] ?? '';
        known.ranking.set(id, this.#instances.get(id));
      }
      known.toldUpTo = now;
      this.#rankings.set(key, known);
      return known.ranking;
    }
    const ranking = new Ranking(profile);
    for (const [id, instance] of this.#instances) ranking.set(id, instance);
    this.#rankings.set(key, { ranking, toldUpTo: now });
    const wanted = Math.floor(maxRanked / Math.max(1, this.size));
    const most = Math.min(mostRankings, Math.max(leastRankings, wanted));
    for (const oldest of this.#rankings.keys()) {
      if (this.#rankings.size <= most) break;
      this.#rankings.delete(oldest);
    }
    return ranking;
  }
}

/** Who doesn't look at the group can share a ranking with other groups. */
function keyOf({ demand, strategies, constraints, group }: LaunchProfile): string {
  const looksAtGroup =
    constraints.isDistinctInstance ||
    strategies.length === 0 ||
    strategies.some(({ type }) => type === 'spread');
  return JSON.stringify([demand, strategies, constraints, looksAtGroup ? group : undefined]);
}
