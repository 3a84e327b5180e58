import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { type Resource, resourceNamed } from '../../schema/catalogue.ts';
import { pods, replicaSets } from '../collections.ts';
import type { Work } from '../controller.ts';
import { type Labelled, selectsObject } from '../label-selector.ts';
import { controllerOf, type Pod, type ReplicaSet, type ReplicationController } from '../objects.ts';
import { owned } from '../ownership.ts';
import {
  burstPods,
  createPods,
  deletePods,
  messageOf,
  type PodFailure,
  podOf,
  podResource,
} from '../pod-control.ts';
import { untilNextAvailable } from '../pods.ts';
import { isNamespaceTerminating } from '../writer.ts';
import { isSameStatus, planReplicas, replicaStatus } from './plan.ts';

const replicaSetResource = resourceNamed('apps', 'replicasets');
const replicationControllerResource = resourceNamed('', 'replicationcontrollers');

export const syncReplicaSet = (work: Work<ReplicaSet>): Promise<Outcome> =>
  syncReplicas(work, replicaSetResource, selectsObject(work.object.spec.selector));

export const syncReplicationController = (work: Work<ReplicationController>): Promise<Outcome> =>
  syncReplicas(
    work,
    replicationControllerResource,
    selectsObject({ matchLabels: work.object.spec.selector ?? {} }),
  );

/** Makes or deletes pods until there are as many as wanted, then says how many there are. */
async function syncReplicas(
  work: Work<ReplicaSet | ReplicationController>,
  resource: Resource,
  matches: (object: Labelled) => boolean,
): Promise<Outcome> {
  const { object, now, writer } = work;
  const own = await owned(work, podResource, pods, matches);
  const { replicas, minReadySeconds = 0, template } = object.spec;
  const failure = object.metadata.deletionTimestamp === undefined ? await adjust(work, own) : undefined;
  if (failure !== undefined && isNamespaceTerminating(failure.error)) return done;
  const status = replicaStatus(
    { replicas, minReadySeconds, template },
    { generation: object.metadata.generation ?? 0, status: object.status },
    own,
    failure && { reason: failure.reason, message: messageOf(failure.error) },
    now,
  );
  if (!isSameStatus(object.status, status)) await writer.putStatus(resource, object, status);
  if (failure !== undefined) throw failure.error;
  const wait = untilNextAvailable(own, minReadySeconds, now);
  return wait === undefined ? done : again(wait);
}

async function adjust(
  work: Work<ReplicaSet | ReplicationController>,
  own: readonly Pod[],
): Promise<PodFailure | undefined> {
  const { object, reader, now } = work;
  const related = relatedPods(reader, object, own);
  const { create, remove } = planReplicas(object.spec, own, related, { most: burstPods, now });
  const { failure } =
    create > 0
      ? await createPods(work, create, () => podOf(object.spec.template, object))
      : await deletePods(work, remove);
  return failure;
}

/** The pods of all ReplicaSets of the same Deployment. */
function relatedPods(
  reader: Work<ReplicaSet>['reader'],
  object: ReplicaSet | ReplicationController,
  own: readonly Pod[],
): readonly Pod[] {
  const owner = controllerOf(object);
  if (owner === undefined) return own;
  return reader
    .byIndex(replicaSets, 'owner', owner.uid)
    .flatMap(({ value }) => reader.byIndex(pods, 'owner', value.metadata.uid))
    .map(({ value }) => value);
}
