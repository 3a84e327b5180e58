import type { InstanceType } from '../../ec2/index.ts';
import { compileConstraints, misfit } from '../placement/misfit.ts';
import type { LaunchProfile } from '../placement/ranking.ts';
import type {
  ContainerInstanceRecord,
  ManagedInstanceRecord,
  ManagedInstanceReportRecord,
  ManagedProviderRecord,
} from '../records.ts';
import { reserve } from '../reservation.ts';

/** An instance as far as it has come. */
export interface Member {
  readonly instance: ManagedInstanceRecord;
  readonly report?: ManagedInstanceReportRecord;
  /** Once its agent has registered it. */
  readonly container?: ContainerInstanceRecord;
}

/** An instance that could be launched: of a type, in a zone. */
export interface Offer {
  readonly type: Pick<InstanceType, 'name'>;
  readonly zone: string;
}

export interface CapacityGround {
  readonly provider: Pick<ManagedProviderRecord, 'launchFailure' | 'status'> & {
    readonly scaleInAfter?: number;
  };
  readonly members: readonly Member[];
  /** What the tasks that wait for the provider ask for, the oldest first. */
  readonly waiting: readonly LaunchProfile[];
  /** The types that come into question, in the order in which they are tried. */
  readonly types: readonly Pick<InstanceType, 'name'>[];
  readonly zones: readonly string[];
  /** What would register; undefined: nobody can say, for no machine is there. */
  readonly wouldBe: (offer: Offer) => ContainerInstanceRecord | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What is to be done, by the instances' ids. */
export interface CapacityPlan {
  readonly launch: readonly Offer[];
  /** Their machine has room: EC2 launches them. */
  readonly place: readonly string[];
  /** They take no tasks any more. */
  readonly drain: readonly string[];
  /** No task needs them: from now on, and no longer. */
  readonly idle: readonly string[];
  readonly busy: readonly string[];
  readonly end: readonly string[];
  /** They have ended, or never were. */
  readonly forget: readonly string[];
  /** What no machine has room for, as it said. */
  readonly noRoom?: string;
  readonly lookAgainAt?: number;
}

/** As ECS likes it: long enough for the next deployment or scaling to find the instance. */
const defaultScaleInAfterSeconds = 60;
/** "Managed Instances ... are replaced after 14 days" (Amazon ECS developer guide, on patching). */
const lifetimeMs = 14 * 24 * 3_600_000;
/** One that has not registered by then never will. */
const longestStartMs = 10 * 60_000;
/** After a launch that came to nothing. */
const relaunchAfterMs = 15_000;
const mostStarting = 10;

/**
 * How many instances a provider of Managed Instances is to have: those that its tasks need. Tasks that wait are packed, the
 * oldest first, into what there is and what is on its way; for those that are left over instances are launched, each of the
 * first type that takes the oldest of them. What no task needs for a while ends.
 */
export function planCapacity(ground: CapacityGround): CapacityPlan {
  const { provider, members, now } = ground;
  const dues: number[] = [];
  const plan = {
    ...{ launch: [] as Offer[], place: [] as string[], drain: [] as string[] },
    ...{ idle: [] as string[], busy: [] as string[], end: [] as string[], forget: [] as string[] },
  };
  let noRoom: string | undefined;
  const staying: Member[] = [];
  for (const member of members) {
    const { instance, report, container } = member;
    if (report?.status === 'ended') plan.forget.push(instance.instanceId);
    else if (instance.isEnding) continue;
    else if (report?.status === 'no-room') {
      plan.forget.push(instance.instanceId);
      noRoom = report.message ?? '';
    } else if (provider.status !== 'ACTIVE' || container?.status === 'INACTIVE')
      plan.end.push(instance.instanceId);
    else {
      if (report?.status === 'reserved' && instance.launchedAt === undefined)
        plan.place.push(instance.instanceId);
      staying.push(member);
    }
  }
  const bins = staying.map((member) => binOf(ground, member));
  const left = ground.waiting.filter((profile) => !bins.some((bin) => bin.take(profile)));
  for (const [place, member] of staying.entries())
    settle(ground, plan, dues, member, bins[place]?.isChosen ?? false);

  const starting = staying.filter(({ container }) => container === undefined).length;
  const failedAt = noRoom === undefined ? provider.launchFailure?.at : now;
  const mayLaunchAt = failedAt === undefined ? now : failedAt + relaunchAfterMs;
  if (provider.status === 'ACTIVE' && left.length > 0) {
    if (mayLaunchAt > now) dues.push(mayLaunchAt);
    else plan.launch.push(...offersFor(ground, staying, left, mostStarting - starting));
  }
  return {
    ...plan,
    ...(noRoom !== undefined && { noRoom }),
    ...(dues.length > 0 && { lookAgainAt: Math.min(...dues) }),
  };
}

/** An instance into which tasks are packed. */
class Bin {
  isChosen = false;
  #filled: ContainerInstanceRecord | undefined;

  /** @param filled Undefined: nothing goes in. */
  constructor(filled: ContainerInstanceRecord | undefined) {
    this.#filled = filled;
  }

  /** Whether the task goes in, and it is in then. */
  take({ demand, constraints, group }: LaunchProfile): boolean {
    const filled = this.#filled;
    if (filled === undefined || misfit(filled, demand) || compileConstraints(constraints, group)(filled))
      return false;
    this.#filled = reserve(filled, { group, reserved: demand });
    this.isChosen = true;
    return true;
  }
}

function binOf({ wouldBe }: CapacityGround, { instance, container }: Member): Bin {
  if (container === undefined)
    return new Bin(wouldBe({ type: { name: instance.instanceType }, zone: instance.availabilityZone }));
  if (container.status !== 'ACTIVE') return new Bin(undefined);
  // Its agent has just registered, and connects next.
  return new Bin(container.connectedAt === undefined ? { ...container, agentConnected: true } : container);
}

/** What becomes of one that is there, or on its way. */
function settle(
  { provider, now }: CapacityGround,
  plan: { readonly [List in 'busy' | 'drain' | 'end' | 'idle']: string[] },
  dues: number[],
  { instance, container }: Member,
  isChosen: boolean,
): void {
  const { instanceId: id, idleSince, launchedAt = instance.createdAt } = instance;
  if (container === undefined) {
    const latest = launchedAt + longestStartMs;
    if (now >= latest) plan.end.push(id);
    else dues.push(latest);
    return;
  }
  const isIdle = container.taskCount === 0 && !isChosen;
  if (!isIdle) {
    if (idleSince !== undefined) plan.busy.push(id);
    if (container.status !== 'ACTIVE') return;
    if (now >= launchedAt + lifetimeMs) plan.drain.push(id);
    else dues.push(launchedAt + lifetimeMs);
    return;
  }
  if (container.status === 'DRAINING' || now >= launchedAt + lifetimeMs) {
    plan.end.push(id);
    return;
  }
  const { scaleInAfter = defaultScaleInAfterSeconds } = provider;
  if (idleSince === undefined) plan.idle.push(id);
  if (scaleInAfter < 0) return;
  const due = (idleSince ?? now) + scaleInAfter * 1_000;
  if (now >= due) plan.end.push(id);
  else dues.push(due);
}

function offersFor(
  { types, zones, wouldBe }: CapacityGround,
  staying: readonly Member[],
  waiting: readonly LaunchProfile[],
  most: number,
): readonly Offer[] {
  const offers: Offer[] = [];
  const countIn = (zone: string): number =>
    staying.filter(({ instance }) => instance.availabilityZone === zone).length +
    offers.filter((offer) => offer.zone === zone).length;
  let left = waiting;
  while (left.length > 0 && offers.length < most) {
    const [oldest, ...others] = left;
    const emptiestFirst = zones.toSorted((one, other) => countIn(one) - countIn(other));
    const chosen = types
      .values()
      .flatMap((type) => emptiestFirst.map((zone): Offer => ({ type, zone })))
      .find((offer) => oldest !== undefined && new Bin(wouldBe(offer)).take(oldest));
    if (chosen === undefined) left = others;
    else {
      const bin = new Bin(wouldBe(chosen));
      left = left.filter((profile) => !bin.take(profile));
      offers.push(chosen);
    }
  }
  return offers;
}
