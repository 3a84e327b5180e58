import type { TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import type { WantedNode } from '../node-proxy.ts';
import { type Observation, targetKey, targetName, usesTarget } from '../targets.ts';
import { Admissions } from './admissions.ts';
import type { NodeDescription } from './generation.ts';
import { serverCommands } from './server-commands.ts';
import { type Server, type ServerState, type Slots, slotsOf } from './slots.ts';
import { healthOf, isInMaintenance, type ServerStatistics } from './statistics.ts';

/** How the process works whatever the plan. */
export type ProcessDescription = Pick<NodeDescription, 'user' | 'hostNamespace'>;

/** What is wanted of a node, and what its process says of its targets: what follows from one and the other. */
export class NodeTargets {
  readonly wanted: WantedNode;
  readonly #process: ProcessDescription;
  /** What HAProxy said last, by `<backend>/<server>`. */
  #statistics: ReadonlyMap<string, ServerStatistics> = new Map();
  readonly #admissions: ReadonlyMap<string, Admissions>;

  /** @param before What is known of targets is known on. */
  constructor(wanted: WantedNode, process: ProcessDescription, before?: NodeTargets) {
    this.wanted = wanted;
    this.#process = process;
    this.#statistics = before === undefined ? new Map() : before.#statistics;
    const known: ReadonlyMap<string, Admissions> = before === undefined ? new Map() : before.#admissions;
    this.#admissions = new Map(
      wanted.plan.targetGroups.map((group) => {
        const admissions = known.get(group.arn) ?? new Admissions();
        const targets = group.targets.filter((target) => this.uses(group, target) && !target.isDraining);
        admissions.follow(targets);
        return [group.arn, admissions];
      }),
    );
  }

  hear(rows: readonly ServerStatistics[]): void {
    this.#statistics = new Map(rows.map((row) => [`${row.backend}/${row.name}`, row]));
  }

  get groups(): readonly TargetGroupPlan[] {
    return this.wanted.plan.targetGroups;
  }

  get hasCandidates(): boolean {
    return this.#admissions.values().some(({ hasCandidates }) => hasCandidates);
  }

  uses(group: TargetGroupPlan, target: TargetPlan): boolean {
    const { plan, node } = this.wanted;
    return usesTarget(plan, node, group, target);
  }

  description(): NodeDescription {
    const { assignments: _, ...wanted } = this.wanted;
    return {
      ...wanted,
      ...this.#process,
      slots: new Map(this.groups.map((group) => [group.arn, this.slots(group)])),
    };
  }

  slots(group: TargetGroupPlan): Slots {
    const { assignments, cookieKey } = this.wanted;
    const assignment = assignments.get(group.arn);
    if (assignment === undefined) throw new Error(`No servers for ${group.arn}`);
    const admissions = this.#admissionsOf(group);
    return slotsOf({
      ...{ group, assignment, cookieKey },
      isUsed: (target) => this.uses(group, target),
      isAdmitted: (key) => admissions.isAdmitted(key),
    });
  }

  /** What HAProxy has to be told. @param now Monotonic milliseconds. */
  commands(now: number): string[] {
    return this.groups.flatMap((group) => [
      ...this.#admissionsOf(group).step(group, this.#statistics, now),
      ...serverCommands(group, this.slots(group), this.#statistics),
    ]);
  }

  /** Admits those that HAProxy sends traffic to already: of a process that was adopted. */
  admitKnown(): void {
    for (const { group, target, main, spare } of this.#servers()) {
      if (main === undefined || !spare.isReady || isInMaintenance(main)) continue;
      if (main.place === `${target.address}:${target.port}`)
        this.#admissionsOf(group).admit(targetKey(target));
    }
  }

  /** Another process begins: it would take those that are not well for healthy, and asks nobody yet. */
  beginAnew(): void {
    for (const { group, target, main, wanted } of this.#servers()) {
      if (main === undefined || !wanted.isReady) continue;
      const health = healthOf(main);
      if (health.state === 'healthy') continue;
      const { unhealthyThreshold } = group.healthCheck;
      this.#admissionsOf(group).dismiss(targetKey(target), health, unhealthyThreshold);
    }
    for (const admissions of this.#admissions.values()) admissions.forgetProbes();
  }

  /** Names of those that HAProxy has something for. */
  busy(): ReadonlySet<string> {
    const busy = [...this.observations(() => false)].filter(([, { outstanding }]) => outstanding > 0);
    return new Set(busy.map(([name]) => name));
  }

  /** By `targetName`. @param isFinishing Whether an earlier process may still have something for a target. */
  observations(isFinishing: (name: string) => boolean): Map<string, Observation> {
    return new Map(
      this.#servers().map(({ group, target, main, spare }) => {
        const name = targetName(group, target);
        const admissions = this.#admissionsOf(group);
        const ofSpare = spare.known?.current ?? 0;
        const outstanding = (main?.current ?? 0) + ofSpare + (isFinishing(name) ? 1 : 0);
        const isAdmitted = admissions.isAdmitted(targetKey(target)) && main !== undefined;
        const health = isAdmitted ? healthOf(main) : admissions.healthOf(targetKey(target), group);
        return [name, { health, outstanding }];
      }),
    );
  }

  /** Those that are well; all of them when none is. */
  healthyOrAll(group: TargetGroupPlan): readonly ServerState[] {
    const all = this.#servers().filter((each) => each.group === group && each.spare.isReady);
    const healthy = all.filter(
      ({ main, wanted }) => wanted.isReady && main !== undefined && healthOf(main).state === 'healthy',
    );
    return (healthy.length > 0 ? healthy : all).map(({ wanted }) => wanted);
  }

  #servers() {
    return this.groups.flatMap((group) =>
      this.slots(group).servers.flatMap(({ target, main, spare }: Server, index) => {
        if (target === undefined) return [];
        const known = (kind: string) => this.#statistics.get(`t-${group.id}/${kind}${index + 1}`);
        return [{ group, target, wanted: main, main: known('s'), spare: { ...spare, known: known('o') } }];
      }),
    );
  }

  #admissionsOf({ arn }: TargetGroupPlan): Admissions {
    const admissions = this.#admissions.get(arn);
    if (admissions === undefined) throw new Error(`Not a target group of the node: ${arn}`);
    return admissions;
  }
}
