import type { Random } from '../../../clock/index.ts';
import type { ContainerInstanceRecord } from '../records.ts';
import type { TaskDemand } from './demand.ts';
import { attributesOf, isExternal, tasksOfGroup } from './instance.ts';
import { compileConstraints, type Misfit, misfit, type PlacementConstraints } from './misfit.ts';
import { compareScores, type Scored, ScoreHeap } from './score-heap.ts';
import { type Criterion, criteriaOf, type PlacementStrategy } from './strategy.ts';

/** Everything that decides where a task goes. Launches that are equal in it share a ranking. */
export interface LaunchProfile {
  readonly demand: TaskDemand;
  readonly strategies: readonly PlacementStrategy[];
  readonly constraints: PlacementConstraints;
  /** Spreading and distinctInstance look at the tasks of this group only. */
  readonly group: string;
}

/**
 * The instances that can take a task of one profile, best first. It is told of each instance that changed, and is
 * then what it would be if it were made anew from all of them: `set` costs the logarithm of the number of
 * instances, `best` grows only with the number of different values of the attributes that are spread over.
 *
 * What the spread over an attribute counts is shared by all instances with one value of it, so instances are kept
 * in cells, one for each combination of values. Within a cell only what an instance has of its own tells it from
 * another: a heap. Between cells, their counts and the best of each do.
 */
export class Ranking {
  readonly #profile: LaunchProfile;
  readonly #criteria: readonly Criterion[];
  readonly #ownScores: readonly ((instance: ContainerInstanceRecord) => number)[];
  readonly #attributes: readonly string[];
  readonly #constraint: (instance: ContainerInstanceRecord) => Misfit | undefined;

  readonly #entries = new Map<string, Entry>();
  /** By attribute, in the order of `#attributes`, then by its value. */
  readonly #shares: readonly Map<string | undefined, Share>[];
  readonly #cells = new Map<string, Cell>();

  constructor(profile: LaunchProfile) {
    this.#profile = profile;
    this.#criteria = criteriaOf(profile.strategies, profile.group);
    this.#ownScores = this.#criteria.flatMap((criterion) =>
      criterion.type === 'own' ? criterion.scoreOf : [],
    );
    this.#attributes = this.#criteria.flatMap((criterion) =>
      criterion.type === 'shared' ? criterion.attribute : [],
    );
    this.#constraint = compileConstraints(profile.constraints, profile.group);
    this.#shares = this.#attributes.map(() => new Map());
  }

  /** The instance as it is now; undefined when there is none of that id. */
  set(id: string, instance: ContainerInstanceRecord | undefined): void {
    const known = this.#entries.get(id);
    if (known !== undefined && known.instance === instance) return;
    if (instance === undefined || !comesIntoQuestion(instance, this.#profile.demand)) {
      if (known !== undefined) this.#forget(id, known);
      return;
    }
    const entry = known ?? { instance, groupTasks: 0, shares: [], cell: undefined, place: 0, scores: [] };
    if (known === undefined) this.#entries.set(id, entry);
    this.#count(entry, instance, known?.instance);
    entry.instance = instance;
    if (this.misfitOf(instance) === undefined) this.#offer(entry);
    else this.#withdraw(entry);
  }

  /** One of the best, by chance among equals; undefined when no instance can take the task. */
  best(random: Random): ContainerInstanceRecord | undefined {
    let bestScores: readonly number[] = [];
    let best: Cell[] = [];
    for (const cell of this.#cells.values()) {
      const scores = this.#scoresOf(cell);
      const order = best.length === 0 ? -1 : compareScores(scores, bestScores);
      if (order < 0) {
        best = [cell];
        bestScores = scores;
      } else if (order === 0) best.push(cell);
    }
    const cell = best[best.length > 1 ? random.integer(best.length) : 0];
    return cell?.heap.best(random)?.instance;
  }

  /** Why an instance of the right launch type can't take the task; undefined when it can. */
  misfitOf(instance: ContainerInstanceRecord): Misfit | undefined {
    return misfit(instance, this.#profile.demand) ?? this.#constraint(instance);
  }

  #forget(id: string, entry: Entry): void {
    this.#withdraw(entry);
    this.#leaveShares(entry);
    this.#entries.delete(id);
  }

  /** Brings the counts of its attributes' values up to date. */
  #count(entry: Entry, instance: ContainerInstanceRecord, before: ContainerInstanceRecord | undefined): void {
    if (this.#attributes.length === 0) return;
    const groupTasks = tasksOfGroup(instance, this.#profile.group);
    if (before === undefined || before.attributes !== instance.attributes) {
      this.#withdraw(entry);
      this.#leaveShares(entry);
      const attributes = attributesOf(instance);
      entry.shares = this.#shares.map((shares, place) => {
        const value = attributes.get(this.#attributes[place] ?? '');
        const share = shares.get(value) ?? { value, tasks: 0, members: 0 };
        shares.set(value, share);
        share.members += 1;
        return share;
      });
    }
    for (const share of entry.shares) share.tasks += groupTasks - entry.groupTasks;
    entry.groupTasks = groupTasks;
  }

  #leaveShares(entry: Entry): void {
    for (const [place, share] of entry.shares.entries()) {
      share.tasks -= entry.groupTasks;
      share.members -= 1;
      if (share.members === 0) this.#shares[place]?.delete(share.value);
    }
    entry.shares = [];
    entry.groupTasks = 0;
  }

  #offer(entry: Entry): void {
    const scores = this.#ownScores.map((scoreOf) => scoreOf(entry.instance));
    if (entry.cell !== undefined) {
      entry.cell.heap.rescore(entry, scores);
      return;
    }
    const key = JSON.stringify(entry.shares.map(({ value }) => value ?? null));
    const cell = this.#cells.get(key) ?? { key, shares: entry.shares, heap: new ScoreHeap<Entry>() };
    this.#cells.set(key, cell);
    entry.cell = cell;
    entry.scores = scores;
    cell.heap.add(entry);
  }

  #withdraw(entry: Entry): void {
    const { cell } = entry;
    if (cell === undefined) return;
    cell.heap.remove(entry);
    entry.cell = undefined;
    if (cell.heap.size === 0) this.#cells.delete(cell.key);
  }

  /** What the best of a cell scores, criterion by criterion. */
  #scoresOf({ shares, heap }: Cell): readonly number[] {
    const own = heap.bestScores;
    if (shares.length === 0) return own;
    let nextOwn = 0;
    let nextShare = 0;
    return this.#criteria.map(({ type }) =>
      type === 'own' ? (own[nextOwn++] ?? 0) : (shares[nextShare++]?.tasks ?? 0),
    );
  }
}

interface Entry extends Scored {
  instance: ContainerInstanceRecord;
  /** As it is counted in `shares`. */
  groupTasks: number;
  shares: readonly Share[];
  /** Where it is offered; undefined while it can't take the task. */
  cell: Cell | undefined;
}

/** The instances with one value of an attribute; those that can't take the task are counted too. */
interface Share {
  readonly value: string | undefined;
  /** Of the group. */
  tasks: number;
  members: number;
}

interface Cell {
  readonly key: string;
  readonly shares: readonly Share[];
  readonly heap: ScoreHeap<Entry>;
}

/** Whether it is among those that a launch chooses from; whether it has room is another question. */
export function comesIntoQuestion(instance: ContainerInstanceRecord, demand: TaskDemand): boolean {
  return (
    instance.status === 'ACTIVE' &&
    isExternal(instance) === demand.isExternal &&
    (demand.capacityProviderName !== undefined || !instance.isManaged) &&
    (demand.capacityProviderName === undefined ||
      demand.capacityProviderName === instance.capacityProviderName)
  );
}
