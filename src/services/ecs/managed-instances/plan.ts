import type { CapacityGround, CapacityPlan, Member, Offer } from './capacity-ground.ts';
import { binOf, offersFor } from './packing.ts';

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
    ...{ startDaemons: [] as string[], open: [] as string[], quit: [] as string[] },
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
    } else if (container?.status === 'INACTIVE') plan.end.push(instance.instanceId);
    else if (provider.status !== 'ACTIVE') quit(plan, member);
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

  drainOutdated(ground, plan, staying);
  const starting = staying.filter(
    ({ container }) => (container?.status ?? 'REGISTERING') === 'REGISTERING',
  ).length;
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

/** What becomes of one that is there, or on its way. */
function settle(
  { provider, now }: CapacityGround,
  plan: Lists,
  dues: number[],
  member: Member,
  isChosen: boolean,
): void {
  const { instance, container, daemons } = member;
  const { instanceId: id, idleSince, launchedAt = instance.createdAt } = instance;
  if (container === undefined) {
    const latest = launchedAt + longestStartMs;
    if (now >= latest) plan.end.push(id);
    else dues.push(latest);
    return;
  }
  if (container.status === 'REGISTERING') {
    if (daemons.haveFailed) quit(plan, member);
    else if (!daemons.areStarted && container.agentConnected) plan.startDaemons.push(id);
    else if (daemons.areStarted && daemons.areReady && container.agentConnected) plan.open.push(id);
    return;
  }
  const isIdle = container.taskCount <= daemons.taskCount && !isChosen;
  if (!isIdle) {
    if (idleSince !== undefined) plan.busy.push(id);
    if (container.status !== 'ACTIVE') return;
    if (daemons.haveFailed || now >= launchedAt + lifetimeMs) plan.drain.push(id);
    else dues.push(launchedAt + lifetimeMs);
    return;
  }
  const isUseless = daemons.haveFailed || daemons.areOutdated || now >= launchedAt + lifetimeMs;
  if (container.status === 'DRAINING' || isUseless) {
    quit(plan, member);
    return;
  }
  const { scaleInAfter = defaultScaleInAfterSeconds } = provider;
  if (idleSince === undefined) plan.idle.push(id);
  if (scaleInAfter < 0) return;
  const due = (idleSince ?? now) + scaleInAfter * 1_000;
  if (now >= due) quit(plan, member);
  else dues.push(due);
}

type Lists = {
  readonly [List in 'busy' | 'drain' | 'end' | 'idle' | 'open' | 'quit' | 'startDaemons']: string[];
};

function quit(plan: Lists, { instance, container }: Member): void {
  const isEmpty = container === undefined || container.taskCount === 0;
  (isEmpty ? plan.end : plan.quit).push(instance.instanceId);
}

/** Instances with other daemons than are wanted now are replaced, some at a time and one at least. */
function drainOutdated({ drainPercent }: CapacityGround, plan: Lists, staying: readonly Member[]): void {
  const leaving = new Set([...plan.drain, ...plan.quit, ...plan.end]);
  const registered = staying.filter(({ container }) => container !== undefined);
  const draining = registered.filter(
    ({ container, instance }) => container?.status === 'DRAINING' || leaving.has(instance.instanceId),
  );
  const most = Math.max(1, Math.floor((registered.length * drainPercent) / 100));
  const next = registered
    .filter(({ container, daemons }) => container?.status === 'ACTIVE' && daemons.areOutdated)
    .filter(({ instance }) => !leaving.has(instance.instanceId))
    .slice(0, Math.max(0, most - draining.length));
  plan.drain.push(...next.map(({ instance }) => instance.instanceId));
}
