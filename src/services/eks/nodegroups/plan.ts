import { lookForMachineMs, waitsForMachine } from '../nodes/placement.ts';
import type { NodegroupInstance, NodeReportRecord, NodeSightingRecord } from '../nodes/record.ts';
import type { UpdateError } from '../updates/record.ts';
import type { NodegroupIssue, NodegroupRecord } from './record.ts';

/** A node with all that is known of it. */
export interface Member {
  readonly instance: NodegroupInstance;
  readonly report?: NodeReportRecord;
  readonly sighting?: NodeSightingRecord;
}

/** What a node group's reconciler does next, in this order. */
export interface Plan {
  /** Of instances that have a machine: EC2 gives them their interface. */
  readonly place: readonly string[];
  readonly drain: readonly string[];
  readonly end: readonly string[];
  /** Nothing is left of them but their records. */
  readonly forget: readonly string[];
  /** How many more are wanted. */
  readonly launch: number;
  readonly issues: readonly NodegroupIssue[];
  readonly phase: NodegroupRecord['phase'];
  /** Its update is over: successful, or why not. */
  readonly update?: { readonly error?: UpdateError };
  /** Nothing of it is left, and it is to go. */
  readonly isGone: boolean;
  /** When time alone changes what is to be done, epoch milliseconds. */
  readonly lookAgainAt?: number;
}

/** "Managed node update behavior" and "Delete a managed node group" of the EKS user guide. */
const evictionMs = 15 * 60_000;
/** One that has not joined by then is told of. */
const joinMs = 15 * 60_000;
/** A group that did not come to be by then never does. */
const creationMs = 25 * 60_000;
/** Between two tries to launch what a machine had no room for. */
const launchRetryMs = 15_000;

/** What to do with a node group, from what is known. Pure. */
export function planNodegroup(group: NodegroupRecord, members: readonly Member[], now: number): Plan {
  const alive = members.filter(({ instance }) => !instance.isEnding);
  const common = {
    place: alive.filter(isToBePlaced).map(idOf),
    forget: members.filter(isOver).map(idOf),
  };
  if (group.isDeleting) {
    const leaving = drainAll(alive, now);
    return {
      ...{ ...common, ...leaving, launch: 0, issues: group.issues, phase: group.phase, place: [] },
      isGone: members.length === 0,
      ...nextLook(
        // Those that pods don't leave end all the same.
        alive.flatMap((member) => (member.instance.drainSince === undefined ? [] : [deadlineOf(member)])),
        now,
      ),
    };
  }
  const issues = issuesOf(group, alive, now);
  if (group.phase === 'CREATE_FAILED')
    return { ...common, drain: [], end: [], launch: 0, issues, phase: group.phase, isGone: false };
  const { desiredSize } = group.scaling;
  const staying = alive.filter(({ instance }) => instance.drainSince === undefined);
  const old = staying.filter(({ instance }) => instance.releaseVersion !== group.releaseVersion);
  // What is of another release when no update is on its way is left of one that failed.
  const roll = old.length === 0 || group.updateId === undefined ? undefined : rollOf(group, alive, old, now);
  const isSettled =
    members.length === alive.length &&
    alive.length === desiredSize &&
    roll === undefined &&
    alive.every((member) => isReady(member) && isGiven(member));
  const surplus = roll === undefined ? surplusOf(group, staying) : [];
  const failure = group.launchFailure;
  const mayLaunch = failure === undefined || now - failure.at >= launchRetryMs;
  const wanted = Math.max(
    0,
    // A replaced one takes its room until it has ended.
    roll === undefined ? desiredSize - staying.length : roll.size - members.length,
  );
  const hasFailed = group.phase === 'CREATING' && !isSettled && now - group.createdAt >= creationMs;
  const update = roll?.error !== undefined ? { error: roll.error } : isSettled ? {} : undefined;
  const retryAt = wanted > 0 && !mayLaunch && failure ? failure.at + launchRetryMs : undefined;
  const failsAt = group.phase === 'CREATING' ? group.createdAt + creationMs : undefined;
  return {
    ...{
      ...common,
      ...leave(
        alive,
        [...surplus, ...(roll?.replace ?? [])],
        roll === undefined || group.isForced === true,
        now,
      ),
    },
    launch: mayLaunch && roll?.error === undefined ? wanted : 0,
    issues: isSettled ? [] : issues,
    phase: isSettled ? 'ACTIVE' : hasFailed ? 'CREATE_FAILED' : group.phase,
    ...(group.updateId !== undefined && update !== undefined && { update }),
    isGone: false,
    ...nextLook(
      [
        ...[retryAt, failsAt],
        ...alive.map((member) => deadlineOf(member)),
        ...alive.map(({ instance }) => (waitsForMachine(instance) ? now + lookForMachineMs : undefined)),
      ],
      now,
    ),
  };
}

const idOf = ({ instance }: Member): string => instance.instanceId;
const isToBePlaced = ({ instance, report }: Member): boolean =>
  instance.launched === undefined && report?.status === 'reserved';
const isReady = ({ sighting }: Member): boolean => sighting?.isReady === true;
/** Its machine has let it go, and its cluster knows it no more. */
const isOver = ({ instance, report, sighting }: Member): boolean =>
  instance.isEnding === true &&
  report?.status === 'ended' &&
  (sighting?.isForgotten === true || instance.launched === undefined);

/** It has the labels and taints of its record. */
const isGiven = ({ instance, sighting }: Member): boolean =>
  JSON.stringify(sighting?.given) === JSON.stringify({ labels: instance.labels, taints: instance.taints });

const deadlineOf = ({ instance, sighting }: Member): number | undefined => {
  if (instance.drainSince !== undefined) return instance.drainSince + evictionMs;
  return sighting?.isReady ? undefined : instance.createdAt + joinMs;
};

/** What was due before has had its effect: nobody looks again and again at a node that stays late. */
function nextLook(times: readonly (number | undefined)[], now: number): Pick<Plan, 'lookAgainAt'> {
  const coming = times.filter((at) => at !== undefined && at > now) as number[];
  return coming.length === 0 ? {} : { lookAgainAt: Math.min(...coming) };
}

/** Those that are too many: first those of another release, those that never came to be, then of the zones with most, the oldest. */
function surplusOf(
  { scaling, releaseVersion }: NodegroupRecord,
  staying: readonly Member[],
): readonly string[] {
  const count = staying.length - scaling.desiredSize;
  if (count <= 0) return [];
  const left = [...staying];
  const chosen: string[] = [];
  while (chosen.length < count) {
    const perZone = Map.groupBy(left, ({ instance }) => instance.launched?.availabilityZone);
    const worst = left.toSorted(
      (a, b) =>
        Number(a.instance.releaseVersion === releaseVersion) -
          Number(b.instance.releaseVersion === releaseVersion) ||
        Number(isReady(a)) - Number(isReady(b)) ||
        (perZone.get(b.instance.launched?.availabilityZone)?.length ?? 0) -
          (perZone.get(a.instance.launched?.availabilityZone)?.length ?? 0) ||
        a.instance.createdAt - b.instance.createdAt,
    )[0];
    if (worst === undefined) break;
    chosen.push(idOf(worst));
    left.splice(left.indexOf(worst), 1);
  }
  return chosen;
}

/** Nodes leave by draining, which ends in any case after a time; what no pod was ever on ends at once. */
function leave(
  alive: readonly Member[],
  chosen: readonly string[],
  isBounded: boolean,
  now: number,
): Pick<Plan, 'drain' | 'end'> {
  const leaving = alive.filter(
    (member) => member.instance.drainSince !== undefined || chosen.includes(idOf(member)),
  );
  const isDone = ({ instance, sighting }: Member): boolean =>
    instance.launched === undefined ||
    sighting === undefined ||
    (instance.drainSince !== undefined &&
      (sighting.isDrained === true || (isBounded && now - instance.drainSince >= evictionMs)));
  return {
    drain: leaving.filter((it) => !isDone(it) && it.instance.drainSince === undefined).map(idOf),
    end: leaving.filter(isDone).map(idOf),
  };
}

const drainAll = (alive: readonly Member[], now: number): Pick<Plan, 'drain' | 'end'> =>
  leave(alive, alive.map(idOf), true, now);

interface Roll {
  /** How many there are to be meanwhile. */
  readonly size: number;
  readonly replace: readonly string[];
  readonly error?: UpdateError;
}

/**
 * How nodes of an older release are replaced: as many as may be unavailable at a time; by default new ones come first, with
 * the strategy MINIMAL old ones go first.
 */
function rollOf(group: NodegroupRecord, alive: readonly Member[], old: readonly Member[], now: number): Roll {
  const { desiredSize } = group.scaling;
  const { maxUnavailable, maxUnavailablePercentage, updateStrategy } = group.updateConfig;
  const atOnce =
    maxUnavailable ?? Math.max(1, Math.floor((desiredSize * (maxUnavailablePercentage ?? 0)) / 100));
  const draining = alive.filter(({ instance }) => instance.drainSince !== undefined);
  const stuck = group.isForced
    ? undefined
    : draining.find(
        ({ instance, sighting }) =>
          now - (instance.drainSince ?? now) >= evictionMs && sighting?.isDrained !== true,
      );
  if (stuck !== undefined) {
    const pods = stuck.sighting?.stuckPods ?? [];
    return {
      ...{ size: desiredSize, replace: [] },
      error: {
        errorCode: 'PodEvictionFailure',
        errorMessage: `Reached max retries while trying to evict pods from nodes in node group ${group.name}: ${pods.join(', ')}`,
        resourceIds: [stuck.instance.launched?.privateDnsName ?? idOf(stuck)],
      },
    };
  }
  const isMinimal = updateStrategy === 'MINIMAL';
  const fresh = alive.filter(
    ({ instance }) => instance.releaseVersion === group.releaseVersion && instance.drainSince === undefined,
  );
  const failed = group.launchFailure !== undefined && !isMinimal && fresh.every(isReady);
  if (failed && group.launchFailure && fresh.length + old.length <= desiredSize && draining.length === 0) {
    return {
      ...{ size: desiredSize, replace: [] },
      error: {
        errorCode: 'NodeCreationFailure',
        errorMessage: `Couldn't proceed with upgrade process as new nodes could not be launched: there is no room for another ${group.launchFailure.instanceType} beside those that are there. Free some, or use the updateStrategy MINIMAL`,
        resourceIds: [],
      },
    };
  }
  const surge = isMinimal ? 0 : Math.min(atOnce, old.length);
  const waiting = fresh.filter((member) => !isReady(member)).length;
  const spare = isMinimal
    ? Math.max(
        0,
        atOnce -
          draining.length -
          waiting -
          Math.max(0, desiredSize - fresh.length - old.length - draining.length),
      )
    : Math.max(0, fresh.length - waiting + old.length - desiredSize);
  const replace = old.slice(0, Math.min(spare, Math.max(0, atOnce - draining.length))).map(idOf);
  return { size: desiredSize + surge, replace };
}

function issuesOf(group: NodegroupRecord, alive: readonly Member[], now: number): readonly NodegroupIssue[] {
  const late = alive.filter(
    ({ instance, sighting }) =>
      instance.launched !== undefined && !sighting?.isReady && now - instance.createdAt >= joinMs,
  );
  const kept = group.issues.filter(({ code }) => code !== 'NodeCreationFailure');
  if (late.length === 0) return group.launchFailure === undefined ? [] : kept;
  const failure: NodegroupIssue = {
    ...{ code: 'NodeCreationFailure', message: 'Instances failed to join the kubernetes cluster' },
    resourceIds: late.map(idOf),
  };
  return [...kept, failure];
}
