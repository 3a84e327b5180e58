import {
  byCreation,
  type Condition,
  conditionOf,
  controllerReference,
  type Deployment,
  type DeploymentStatus,
  type ReplicaSet,
} from '../objects.ts';
import { contentHash, isSameTemplate, templateHashLabel } from '../template-hash.ts';
import {
  byRevision,
  currentAnnotations,
  lastRevision,
  replicasAnnotations,
  revisionAnnotation,
} from './revisions.ts';
import { currentSize, oldSizes, type Sizes } from './rolling.ts';
import { isScaling, scaledSizes } from './scaling.ts';
import {
  countedStatus,
  hasDeadline,
  isComplete,
  rolloutStatus,
  untilDeadline,
  withCondition,
} from './status.ts';

/** What a Deployment is decided by. */
export interface Situation {
  readonly deployment: Deployment;
  /** The ReplicaSets that are its own. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Whether another ReplicaSet has a name. */
  readonly isTaken: (name: string) => boolean;
  /** Whether pods of a ReplicaSet are there that have not ended. */
  readonly isRunning: (replicaSet: ReplicaSet) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Step =
  | { readonly type: 'create'; readonly replicaSet: ReplicaSet }
  | { readonly type: 'update'; readonly before: ReplicaSet; readonly after: ReplicaSet }
  | { readonly type: 'delete'; readonly replicaSet: ReplicaSet };

export interface Plan {
  readonly steps: readonly Step[];
  readonly status: DeploymentStatus;
  /** What the Deployment is to be annotated with; undefined: as it is. */
  readonly revision: string | undefined;
  /** Look again after so many ms. */
  readonly afterMs: number | undefined;
}

/** The next step of a Deployment, as upstream's controller takes it: one pass, one thing. */
export function planDeployment(situation: Situation): Plan {
  const { deployment, replicaSets, now } = situation;
  const current = replicaSets
    .toSorted(byCreation)
    .find(({ spec }) => isSameTemplate(spec.template, deployment.spec.template));
  const old = replicaSets.filter((replicaSet) => replicaSet !== current);
  if (deployment.metadata.deletionTimestamp !== undefined)
    return planOf(deployment, { steps: [], status: countedStatus(deployment, current, old, now) }, now);
  const seen = withPause(deployment, now);
  const revised = current && revisedSet(deployment, current, old);
  const asked = { ...situation, deployment: withFound(seen, revised, now) };
  const sets: Sets = { present: replicaSets, current: revised, old };
  if (deployment.spec.paused === true || isScaling(deployment, replicaSets)) return scale(asked, sets);
  return deployment.spec.strategy.type === 'Recreate' ? recreate(asked, sets) : roll(asked, sets);
}

interface Sets {
  /** As they are kept. */
  readonly present: readonly ReplicaSet[];
  /** As it is to be annotated; undefined: it is not there. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Paused, or under way to another number of replicas. */
function scale({ deployment, now }: Situation, sets: Sets): Plan {
  const resized = resize(deployment, sets, scaledSizes(deployment, sets.current, sets.old), true);
  const steps = [...resized.steps];
  if (deployment.spec.paused === true) steps.push(...expired(deployment, resized.old));
  const status = countedStatus(deployment, resized.current, resized.old, now);
  return planOf(deployment, { steps, status, current: resized.current }, now);
}

function roll(situation: Situation, sets: Sets): Plan {
  const { deployment, now } = situation;
  if (sets.current === undefined) return create(situation, sets);
  const { current, old } = sets;
  const size = currentSize(deployment, current, old);
  const sizes: Sizes =
    size === current.spec.replicas
      ? oldSizes(deployment, current, old)
      : new Map([[current.metadata.name, size]]);
  return rollout(deployment, resize(deployment, sets, sizes), now);
}

/** All of the old ones end before the first of the new ones begins. */
function recreate(situation: Situation, sets: Sets): Plan {
  const { deployment, isRunning, now } = situation;
  const { current, old } = sets;
  const active = old.filter(({ spec }) => spec.replicas > 0);
  if (active.length > 0) {
    const sizes = new Map(active.map(({ metadata }) => [metadata.name, 0]));
    return rollout(deployment, resize(deployment, sets, sizes), now);
  }
  if (old.some(isRunning)) return rollout(deployment, resize(deployment, sets, new Map()), now);
  if (current === undefined) return create(situation, sets);
  const sizes = new Map([[current.metadata.name, deployment.spec.replicas]]);
  return rollout(deployment, resize(deployment, sets, sizes), now);
}

/** The ReplicaSet of a template that has none yet. */
function create({ deployment, isTaken, now }: Situation, { old }: Sets): Plan {
  const made = newReplicaSet(deployment, old);
  if (isTaken(made.metadata.name)) {
    const status = countedStatus(deployment, undefined, old, now);
    const collided = { ...status, collisionCount: (status.collisionCount ?? 0) + 1 };
    return planOf(deployment, { steps: [], status: collided }, now);
  }
  const told = `Created new replica set "${made.metadata.name}"`;
  const begun = withProgress(deployment, ['Progressing', 'True', 'NewReplicaSetCreated', told], now);
  const steps: readonly Step[] = [{ type: 'create', replicaSet: made }];
  const status = rolloutStatus(begun, made, old, now);
  return planOf(deployment, { steps, status, current: made }, now);
}

function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = contentHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
  const name = `${deployment.metadata.name}-${hash}`;
  const made: ReplicaSet = {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    metadata: {
      ...{ name, namespace: deployment.metadata.namespace ?? '', uid: '', creationTimestamp: '', labels },
      annotations: {
        ...currentAnnotations(deployment, {}, lastRevision(old) + 1n),
        ...replicasAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  return { ...made, spec: { ...made.spec, replicas: currentSize(deployment, made, old) } };
}

interface Resized {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly steps: readonly Step[];
}

/** @param isForAll Also those that keep their size are told for how many replicas they were sized. */
function resize(
  deployment: Deployment,
  { present, current, old }: Sets,
  sizes: Sizes,
  isForAll = false,
): Resized {
  const annotations = replicasAnnotations(deployment);
  const sized = (replicaSet: ReplicaSet): ReplicaSet => {
    const replicas = sizes.get(replicaSet.metadata.name);
    if (replicas === undefined || (replicas === replicaSet.spec.replicas && !isForAll)) return replicaSet;
    return annotated({ ...replicaSet, spec: { ...replicaSet.spec, replicas } }, annotations);
  };
  const after = { current: current && sized(current), old: old.map(sized) };
  const steps = [...(after.current === undefined ? [] : [after.current]), ...after.old].flatMap(
    (replicaSet): readonly Step[] => {
      const before = present.find(({ metadata }) => metadata.uid === replicaSet.metadata.uid);
      return before === undefined || !isChanged(before, replicaSet)
        ? []
        : [{ type: 'update', before, after: replicaSet }];
    },
  );
  return { ...after, steps };
}

function isChanged(before: ReplicaSet, after: ReplicaSet): boolean {
  const annotations = (replicaSet: ReplicaSet) => Object.entries(replicaSet.metadata.annotations ?? {});
  return (
    before.spec.replicas !== after.spec.replicas ||
    before.spec.minReadySeconds !== after.spec.minReadySeconds ||
    annotations(before).length !== annotations(after).length ||
    annotations(after).some(([name, value]) => before.metadata.annotations?.[name] !== value)
  );
}

/** The current ReplicaSet is the newest revision, and says what else the Deployment says. */
function revisedSet(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
  const { minReadySeconds } = deployment.spec;
  const { minReadySeconds: _, ...spec } = current.spec;
  const annotations = currentAnnotations(
    deployment,
    current.metadata.annotations ?? {},
    lastRevision(old) + 1n,
  );
  const revised = {
    ...current,
    spec: { ...spec, ...(minReadySeconds !== undefined && { minReadySeconds }) },
  };
  return annotated(revised, annotations);
}

const annotated = (replicaSet: ReplicaSet, annotations: Readonly<Record<string, string>>): ReplicaSet => ({
  ...replicaSet,
  metadata: {
    ...replicaSet.metadata,
    annotations: { ...replicaSet.metadata.annotations, ...annotations },
  },
});

/** The end of a pass of a rollout; what is complete lets its oldest revisions go. */
function rollout(deployment: Deployment, { current, old, steps }: Resized, now: number): Plan {
  const isDone = steps.length === 0 && isComplete(deployment, deployment.status ?? {});
  const status = rolloutStatus(deployment, current, old, now);
  const all = isDone ? expired(deployment, old) : steps;
  return planOf(deployment, { steps: all, status, current }, now);
}

/** Old revisions beyond those that are kept, the oldest first. */
function expired(
  { spec: { revisionHistoryLimit } }: Deployment,
  old: readonly ReplicaSet[],
): readonly Step[] {
  if (revisionHistoryLimit === undefined) return [];
  const alive = old
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((one, other) => byRevision(one, other) || byCreation(one, other));
  return alive
    .slice(0, Math.max(0, alive.length - revisionHistoryLimit))
    .filter(
      ({ metadata, spec, status }) =>
        spec.replicas === 0 &&
        (status?.replicas ?? 0) === 0 &&
        (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
    )
    .map((replicaSet) => ({ type: 'delete', replicaSet }));
}

function withPause(deployment: Deployment, now: number): Deployment {
  const progressing = conditionOf(deployment.status, 'Progressing');
  if (!hasDeadline(deployment) || progressing?.reason === 'ProgressDeadlineExceeded') return deployment;
  const isTold = progressing?.reason === 'DeploymentPaused';
  const isPaused = deployment.spec.paused === true;
  if (isPaused === isTold) return deployment;
  const [reason, message] = isPaused
    ? (['DeploymentPaused', 'Deployment is paused'] as const)
    : (['DeploymentResumed', 'Deployment is resumed'] as const);
  return withProgress(deployment, ['Progressing', 'Unknown', reason, message], now);
}

function withFound(deployment: Deployment, current: ReplicaSet | undefined, now: number): Deployment {
  if (current === undefined || conditionOf(deployment.status, 'Progressing') !== undefined) return deployment;
  const told = `Found new replica set "${current.metadata.name}"`;
  return withProgress(deployment, ['Progressing', 'True', 'FoundNewReplicaSet', told], now);
}

/** With a condition, where it has a deadline. */
export function withProgress(
  deployment: Deployment,
  condition: Parameters<typeof withCondition>[1],
  now: number,
): Deployment {
  if (!hasDeadline(deployment)) return deployment;
  const { conditions = [] }: { readonly conditions?: readonly Condition[] } = deployment.status ?? {};
  return {
    ...deployment,
    status: { ...deployment.status, conditions: withCondition(conditions, condition, now) },
  };
}

function planOf(
  deployment: Deployment,
  {
    steps,
    status,
    current,
  }: {
    readonly steps: readonly Step[];
    readonly status: DeploymentStatus;
    readonly current?: ReplicaSet | undefined;
  },
  now: number,
): Plan {
  const revision = current?.metadata.annotations?.[revisionAnnotation];
  const isSaid = deployment.metadata.annotations?.[revisionAnnotation] === revision;
  return {
    ...{ steps, status },
    revision: isSaid ? undefined : revision,
    afterMs: untilDeadline(deployment, status, now),
  };
}
