import { timestamp } from '../../objects/object.ts';
import { scaled } from '../int-or-percent.ts';
import { controllerOf, type Pod, timeOf } from '../objects.ts';
import { isReady } from '../pods.ts';
import type { BudgetCondition, DisruptionBudget, DisruptionStatus } from './objects.ts';

/** A pod whose eviction was allowed is expected to go within that time. */
const goneWithinMs = 120_000;

export interface BudgetPlan {
  readonly status: DisruptionStatus;
  /** Have no controller, so that nobody knows how many there are to be. */
  readonly unmanaged: readonly Pod[];
  /** Were expected to go and have not. */
  readonly notDeleted: readonly Pod[];
  readonly afterMs: number | undefined;
}

/**
 * How many of a budget's pods may go now.
 * @param scaleOf How many pods a pod's controller wants; undefined: it is not known.
 */
export function planBudget(
  budget: DisruptionBudget,
  pods: readonly Pod[],
  scaleOf: (pod: Pod) => number | undefined,
  now: number,
): BudgetPlan {
  const { expected, desired, unmanaged, failure } = expectation(budget, pods, scaleOf);
  const { disrupted, notDeleted, afterMs } = disruptions(budget, pods, now);
  const healthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      disrupted[pod.metadata.name] === undefined &&
      isReady(pod),
  ).length;
  const isSafe = failure === undefined && expected > 0;
  const disruptionsAllowed = isSafe ? Math.max(0, healthy - desired) : 0;
  const { generation = 0 } = budget.metadata;
  const counts = {
    ...{ disruptionsAllowed, currentHealthy: healthy, desiredHealthy: desired, expectedPods: expected },
    ...{ observedGeneration: generation },
  };
  const status: DisruptionStatus = {
    ...(failure === undefined ? counts : { ...emptyStatus, ...budget.status, disruptionsAllowed: 0 }),
    ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
    conditions: withCondition(budget, disruptionsAllowed, failure, now),
  };
  return { status, unmanaged, notDeleted, afterMs };
}

const emptyStatus = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

interface Expectation {
  readonly expected: number;
  readonly desired: number;
  readonly unmanaged: readonly Pod[];
  readonly failure?: string;
}

function expectation(
  { spec }: DisruptionBudget,
  pods: readonly Pod[],
  scaleOf: (pod: Pod) => number | undefined,
): Expectation {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable === undefined && typeof minAvailable !== 'string')
    return { expected: pods.length, desired: minAvailable ?? 0, unmanaged: [] };
  const unmanaged = pods.filter((pod) => controllerOf(pod) === undefined);
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined || scales.has(owner.uid)) continue;
    const scale = scaleOf(pod);
    const failure = `found no controllers for pod "${pod.metadata.name}"`;
    if (scale === undefined) return { expected: 0, desired: 0, unmanaged, failure };
    scales.set(owner.uid, scale);
  }
  const expected = [...scales.values()].reduce((sum, scale) => sum + scale, 0);
  const desired =
    maxUnavailable === undefined
      ? scaled(minAvailable, expected, 'up')
      : Math.max(0, expected - scaled(maxUnavailable, expected, 'up'));
  return { expected, desired, unmanaged };
}

function disruptions(
  { status }: DisruptionBudget,
  pods: readonly Pod[],
  now: number,
): {
  readonly disrupted: Readonly<Record<string, string>>;
  readonly notDeleted: readonly Pod[];
  readonly afterMs: number | undefined;
} {
  const disrupted: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  let afterMs: number | undefined;
  for (const pod of pods) {
    const since = status?.disruptedPods?.[pod.metadata.name];
    const at = timeOf(since);
    if (since === undefined || at === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const wait = at + goneWithinMs - now;
    if (wait < 0) {
      notDeleted.push(pod);
      continue;
    }
    disrupted[pod.metadata.name] = since;
    afterMs = Math.min(afterMs ?? wait, wait) + 1;
  }
  return { disrupted, notDeleted, afterMs };
}

function withCondition(
  { metadata, status }: DisruptionBudget,
  allowed: number,
  failure: string | undefined,
  now: number,
): readonly BudgetCondition[] {
  const present = status?.conditions ?? [];
  const said = present.find(({ type }) => type === 'DisruptionAllowed');
  const isTrue = allowed > 0 ? 'True' : 'False';
  const reason = failure !== undefined ? 'SyncFailed' : allowed > 0 ? 'SufficientPods' : 'InsufficientPods';
  const condition: BudgetCondition = {
    ...{ type: 'DisruptionAllowed', status: isTrue, reason, message: failure ?? '' },
    observedGeneration: metadata.generation ?? 0,
    lastTransitionTime:
      said?.status === isTrue ? (said.lastTransitionTime ?? timestamp(now)) : timestamp(now),
  };
  return [...present.filter(({ type }) => type !== 'DisruptionAllowed'), condition];
}
