import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { conflict } from '../../apiserver/status.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { pods, replicaSets, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { isEmptySelector, selectsObject } from '../label-selector.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../objects.ts';
import { owned } from '../ownership.ts';
import { messageOf } from '../pod-control.ts';
import { isTerminal } from '../pods.ts';
import { isNamespaceTerminating, isTaken, withoutVersion } from '../writer.ts';
import { planDeployment, type Step, withProgress } from './plan.ts';
import { revisionAnnotation } from './revisions.ts';

const deploymentResource = resourceNamed('apps', 'deployments');
const replicaSetResource = resourceNamed('apps', 'replicasets');

/** One pass: what the plan says of the ReplicaSets, then what the Deployment says of itself. */
export async function syncDeployment(work: Work<Deployment>): Promise<Outcome> {
  const { key, object: deployment, reader, events, now } = work;
  if (isEmptySelector(deployment.spec.selector)) {
    events.warning(
      deployment,
      'SelectingAll',
      'This deployment is selecting all pods. A non-empty selector is required.',
    );
    const { generation = 0 } = deployment.metadata;
    await writeStatus(work, { ...deployment.status, observedGeneration: generation }, undefined);
    return done;
  }
  const own = await owned(work, replicaSetResource, replicaSets, selectsObject(deployment.spec.selector));
  const plan = planDeployment({
    ...{ deployment, replicaSets: own, now },
    isTaken: (name) => reader.get(replicaSets, siblingKey(key, replicaSets, name)) !== undefined,
    isRunning: ({ metadata }) =>
      reader.byIndex(pods, 'owner', metadata.uid).some(({ value }) => !isTerminal(value)),
  });
  for (const step of plan.steps) await take(work, step);
  await writeStatus(work, plan.status, plan.revision);
  return plan.afterMs === undefined ? done : again(plan.afterMs);
}

async function take(work: Work<Deployment>, step: Step): Promise<void> {
  const { object: deployment, writer, events } = work;
  switch (step.type) {
    case 'create':
      await create(work, step.replicaSet);
      return;
    case 'delete':
      await writer.remove(replicaSetResource, step.replicaSet);
      return;
    case 'update': {
      const { before, after } = step;
      const { annotations } = after.metadata;
      await writer.change<ReplicaSet>(replicaSetResource, before, ({ metadata, ...present }) => ({
        ...present,
        metadata: { ...withoutVersion(metadata), annotations: { ...metadata.annotations, ...annotations } },
        spec: sizedSpec(present.spec, after.spec),
      }));
      const [was, is] = [before.spec.replicas, after.spec.replicas];
      if (was !== is) {
        const told = `Scaled ${was < is ? 'up' : 'down'} replica set ${after.metadata.name} from ${was} to ${is}`;
        events.normal(deployment, 'ScalingReplicaSet', told);
      }
    }
  }
}

/** With the size of the other one; the rest of a spec is whose it is. */
function sizedSpec(
  { minReadySeconds: _, ...present }: ReplicaSet['spec'],
  { replicas, minReadySeconds }: ReplicaSet['spec'],
): ReplicaSet['spec'] {
  return { ...present, replicas, ...(minReadySeconds !== undefined && { minReadySeconds }) };
}

async function create(work: Work<Deployment>, replicaSet: ReplicaSet): Promise<void> {
  const { object: deployment, writer, events, now } = work;
  const { name, namespace } = replicaSet.metadata;
  try {
    const { uid: _, creationTimestamp: _2, ...metadata } = replicaSet.metadata;
    await writer.create(replicaSetResource, namespace, { ...replicaSet, metadata });
  } catch (error) {
    if (isNamespaceTerminating(error)) throw error;
    // The next turn sees whose it is.
    if (isTaken(error)) throw conflict(replicaSetResource, name);
    const told = `Failed to create new replica set "${name}": ${messageOf(error)}`;
    events.warning(deployment, 'ReplicaSetCreateError', told);
    const failed = withProgress(deployment, ['Progressing', 'False', 'ReplicaSetCreateError', told], now);
    await writeStatus(work, failed.status ?? {}, undefined);
    throw error;
  }
  if (replicaSet.spec.replicas > 0) {
    const told = `Scaled up replica set ${name} from 0 to ${replicaSet.spec.replicas}`;
    events.normal(deployment, 'ScalingReplicaSet', told);
  }
}

/** The status, and with it which revision of the template it is of. */
async function writeStatus(
  { object, writer }: Work<Deployment>,
  status: DeploymentStatus,
  revision: string | undefined,
): Promise<void> {
  if (
    revision === undefined &&
    object.status !== undefined &&
    jsonEqual(status as never, object.status as never)
  )
    return;
  await writer.change<Deployment>(
    deploymentResource,
    object,
    ({ metadata, ...present }) => ({
      ...present,
      metadata: {
        ...withoutVersion(metadata),
        ...(revision !== undefined && {
          annotations: { ...metadata.annotations, [revisionAnnotation]: revision },
        }),
      },
      status,
    }),
    'status',
  );
}
