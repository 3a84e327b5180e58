import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { clusterWide, nodes, pods } from '../collections.ts';
import type { Work } from '../controller.ts';
import { forgetRevisions, ownedRevisions, writeRevision } from '../keep-revisions.ts';
import { isEmptySelector, selectsObject } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import { owned } from '../ownership.ts';
import { createPods, deletePods, podResource } from '../pod-control.ts';
import { phaseOf, untilNextAvailable } from '../pods.ts';
import { type ControllerRevision, expiredRevisions, revised } from '../revisions.ts';
import { FailedPods } from './failed-pods.ts';
import { type DaemonSet, type DaemonSetStatus, hashLabel, isOf, nodeOf } from './objects.ts';
import { daemonSetStatus, planDaemonSet, type Situation } from './plan.ts';
import { daemonPod } from './pod.ts';

const setResource = resourceNamed('apps', 'daemonsets');

/** With a memory of its own of where pods fail. */
export function daemonSetSync(): (work: Work<DaemonSet>) => Promise<Outcome> {
  const failed = new FailedPods();
  return (work) => syncDaemonSet(work, failed);
}

async function syncDaemonSet(work: Work<DaemonSet>, failed: FailedPods): Promise<Outcome> {
  const { key, object: daemonSet, reader, events, now } = work;
  if (isEmptySelector(daemonSet.spec.selector)) {
    const told = 'This daemon set is selecting all pods. A non-empty selector is required.';
    events.warning(daemonSet, 'SelectingAll', told);
    return done;
  }
  const matches = selectsObject(daemonSet.spec.selector);
  const revisions = await ownedRevisions(work, matches);
  const { collisionCount } = daemonSet.status ?? {};
  const revision = revised(daemonSet, daemonSet.spec.template, revisions, {
    ...{ hashLabel, collisions: collisionCount },
  });
  const isGoing = daemonSet.metadata.deletionTimestamp !== undefined;
  if (!isGoing && !(await writeRevision(work, revision))) {
    await putStatus(work, { ...(daemonSet.status ?? noStatus), collisionCount: (collisionCount ?? 0) + 1 });
    return done;
  }
  const { uid, generation = 0 } = daemonSet.metadata;
  const failedOn = (node: string): string => `${uid}/${generation}/${node}`;
  const situation: Situation = {
    ...{ daemonSet, now, hash: revision.update.metadata.labels?.[hashLabel] ?? '' },
    nodes: [...reader.list(nodes, clusterWide(key, nodes))].map(({ value }) => value),
    pods: await owned(work, podResource, pods, matches),
    failedWaitMs: (node) => failed.waitMs(failedOn(node), now),
  };
  const plan = planDaemonSet(situation);
  for (const pod of plan.ended) {
    tellEnded(work, pod);
    if (phaseOf(pod) === 'Failed') failed.tried(failedOn(nodeOf(pod) ?? ''), now);
  }
  const removed = await deletePods(work, plan.remove);
  const made = await createPods(work, plan.create.length, (at) =>
    daemonPod(daemonSet, plan.create[at] ?? '', situation.hash),
  );
  await putStatus(work, daemonSetStatus(situation, collisionCount));
  const failure = removed.failure ?? made.failure;
  if (failure !== undefined) throw failure.error;
  if (!isGoing) await forget(work, revisions, revision.update, situation);
  const waits = [plan.afterMs, untilNextAvailable(situation.pods, daemonSet.spec.minReadySeconds ?? 0, now)];
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? done : again(Math.min(...known));
}

const noStatus: DaemonSetStatus = {
  ...{ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
};

function tellEnded({ object: daemonSet, events }: Work<DaemonSet>, pod: Pod): void {
  const { namespace, name } = pod.metadata;
  const where = `pod ${namespace}/${name} on node ${nodeOf(pod)}`;
  if (phaseOf(pod) === 'Failed')
    events.warning(daemonSet, 'FailedDaemonPod', `Found failed daemon ${where}, will try to kill it`);
  else
    events.normal(daemonSet, 'SucceededDaemonPod', `Found succeeded daemon ${where}, will try to delete it`);
}

function forget(
  work: Work<DaemonSet>,
  revisions: readonly ControllerRevision[],
  update: ControllerRevision,
  { pods: own, daemonSet }: Situation,
): Promise<void> {
  const isLive = ({ metadata }: ControllerRevision): boolean =>
    metadata.name === update.metadata.name ||
    own.some((pod) => isOf(pod, metadata.labels?.[hashLabel] ?? ''));
  return forgetRevisions(
    work,
    expiredRevisions(revisions, isLive, daemonSet.spec.revisionHistoryLimit ?? 10),
  );
}

async function putStatus({ object, writer }: Work<DaemonSet>, status: DaemonSetStatus): Promise<void> {
  if (!jsonEqual(status as never, (object.status ?? {}) as never))
    await writer.putStatus(setResource, object, status);
}
