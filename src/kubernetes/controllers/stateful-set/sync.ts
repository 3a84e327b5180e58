import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { claims, pods, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { forgetRevisions, ownedRevisions, writeRevision } from '../keep-revisions.ts';
import { selectsObject } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import { owned } from '../ownership.ts';
import { messageOf, podResource } from '../pod-control.ts';
import { untilNextAvailable } from '../pods.ts';
import { byRevision, type ControllerRevision, expiredRevisions, revised, templateOf } from '../revisions.ts';
import type { Claim } from '../volumes/objects.ts';
import { claimResource } from '../volumes/resources.ts';
import { isNamespaceTerminating, isTaken, withoutVersion } from '../writer.ts';
import { ordinalOf, podRevision, type StatefulSet, type StatefulSetStatus } from './objects.ts';
import { planStatefulSet, type Step, statefulSetStatus } from './plan.ts';
import { claimOwners, claimsOf, identityLabels, podName, statefulPod } from './pod.ts';

const setResource = resourceNamed('apps', 'statefulsets');

/** One pass: the revision of the template, the steps of the plan, the status, and revisions that nothing is of any more. */
export async function syncStatefulSet(work: Work<StatefulSet>): Promise<Outcome> {
  const { object: set, now } = work;
  const matches = selectsObject(set.spec.selector);
  const revisions = (await ownedRevisions(work, matches)).toSorted(byRevision);
  const collisions = set.status?.collisionCount ?? 0;
  const revision = revised(set, set.spec.template, revisions, {
    hashLabel: 'controller.kubernetes.io/hash',
    collisions,
  });
  if (set.metadata.deletionTimestamp === undefined && !(await writeRevision(work, revision))) {
    await putStatus(work, { ...(set.status ?? { replicas: 0 }), collisionCount: collisions + 1 });
    return done;
  }
  const { update } = revision;
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const names = { current: current.metadata.name, update: update.metadata.name };
  const own = await owned(
    work,
    podResource,
    pods,
    (pod) => matches(pod) && ordinalOf(set, pod) !== undefined,
  );
  const steps = planStatefulSet(set, own, names, now);
  const made: Pod[] = [];
  const isParallel = set.spec.podManagementPolicy === 'Parallel';
  let failure: unknown;
  for (const step of steps) {
    try {
      made.push(...(await take(work, step, { current, update })));
    } catch (error) {
      if (isNamespaceTerminating(error)) throw error;
      failure ??= error;
      if (!isParallel) break;
    }
  }
  const gone = steps.flatMap((step) => (step.type === 'delete' ? [step.pod] : []));
  const left = own.filter((pod) => !gone.includes(pod) || pod.spec.nodeName !== undefined);
  await putStatus(work, statefulSetStatus(set, [...left, ...made], names, collisions, now));
  if (failure !== undefined) throw failure;
  await forget(work, revisions, own, names);
  const wait = untilNextAvailable(own, set.spec.minReadySeconds ?? 0, now);
  return wait === undefined ? done : again(wait);
}

/** @returns the pods that it made. */
async function take(
  work: Work<StatefulSet>,
  step: Step,
  revisions: { readonly current: ControllerRevision; readonly update: ControllerRevision },
): Promise<readonly Pod[]> {
  const { object: set } = work;
  if (step.type === 'delete') {
    await remove(work, step.pod);
    return [];
  }
  if (step.type === 'mend') {
    await mend(work, step.pod);
    return [];
  }
  const revision = revisions[step.of];
  await ensureClaims(work, step.ordinal);
  const pod = statefulPod(set, templateOf(revision), step.ordinal, revision.metadata.name);
  return create(work, podName(set, step.ordinal), pod);
}

async function create(
  { object: set, writer, events }: Work<StatefulSet>,
  name: string,
  pod: object,
): Promise<readonly Pod[]> {
  const subject = `create Pod ${name} in StatefulSet ${set.metadata.name}`;
  try {
    const made = await writer.create(podResource, set.metadata.namespace, pod);
    events.normal(set, 'SuccessfulCreate', `${subject} successful`);
    return [made as unknown as Pod];
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.warning(set, 'FailedCreate', `${subject} failed error: ${messageOf(error)}`);
    throw error;
  }
}

async function remove({ object: set, writer, events }: Work<StatefulSet>, pod: Pod): Promise<void> {
  const subject = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await writer.remove(podResource, pod);
    events.normal(set, 'SuccessfulDelete', `${subject} successful`);
  } catch (error) {
    events.warning(set, 'FailedDelete', `${subject} failed error: ${messageOf(error)}`);
    throw error;
  }
}

/** Claims outlive their pods, so most are there already. */
async function ensureClaims(work: Work<StatefulSet>, ordinal: number): Promise<void> {
  const { key, object: set, reader, writer, events } = work;
  for (const { name, body } of claimsOf(set, ordinal)) {
    if (reader.get(claims, siblingKey(key, claims, name)) !== undefined) continue;
    const subject = `create Claim ${name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`;
    try {
      await writer.create(claimResource, set.metadata.namespace, body);
      events.normal(set, 'SuccessfulCreate', `${subject} success`);
    } catch (error) {
      if (isTaken(error)) continue;
      if (!isNamespaceTerminating(error))
        events.warning(set, 'FailedCreate', `${subject} failed error: ${messageOf(error)}`);
      throw error;
    }
  }
}

async function mend(work: Work<StatefulSet>, pod: Pod): Promise<void> {
  const { key, object: set, reader, writer } = work;
  const ordinal = ordinalOf(set, pod);
  if (ordinal === undefined) return;
  if (pod.status?.phase === 'Pending') await ensureClaims(work, ordinal);
  const labels = Object.entries(identityLabels(set, ordinal));
  if (labels.some(([name, value]) => pod.metadata.labels?.[name] !== value)) {
    await writer.change<Pod>(podResource, pod, ({ metadata, ...present }) => ({
      ...present,
      metadata: {
        ...withoutVersion(metadata),
        labels: { ...metadata.labels, ...Object.fromEntries(labels) },
      },
    }));
  }
  for (const { name } of claimsOf(set, ordinal)) {
    const claim = reader.get(claims, siblingKey(key, claims, name));
    const ownerReferences = claim && claimOwners(set, pod, claim);
    if (claim === undefined || ownerReferences === undefined) continue;
    await writer.change<Claim>(claimResource, claim, ({ metadata, ...present }) => ({
      ...present,
      metadata: { ...withoutVersion(metadata), ownerReferences },
    }));
  }
}

async function forget(
  work: Work<StatefulSet>,
  revisions: readonly ControllerRevision[],
  own: readonly Pod[],
  names: { readonly current: string; readonly update: string },
): Promise<void> {
  const live = new Set([names.current, names.update, ...own.map(podRevision)]);
  const limit = work.object.spec.revisionHistoryLimit ?? 10;
  await forgetRevisions(
    work,
    expiredRevisions(revisions, ({ metadata }) => live.has(metadata.name), limit),
  );
}

async function putStatus({ object, writer }: Work<StatefulSet>, status: StatefulSetStatus): Promise<void> {
  if (!jsonEqual(status as never, (object.status ?? {}) as never))
    await writer.putStatus(setResource, object, status);
}
