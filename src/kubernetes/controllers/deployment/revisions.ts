import type { Deployment, ReplicaSet } from '../objects.ts';
import { maxSurge } from './bounds.ts';

type Annotations = Readonly<Record<string, string>>;

const prefix = 'deployment.kubernetes.io/';
const names = {
  revision: `${prefix}revision`,
  history: `${prefix}revision-history`,
  desired: `${prefix}desired-replicas`,
  max: `${prefix}max-replicas`,
};
/** These say something of the Deployment itself. */
const notCopied = new Set([
  ...Object.values(names),
  'deprecated.deployment.rollback.to',
  'kubectl.kubernetes.io/last-applied-configuration',
]);
/** Letters of the history that a ReplicaSet keeps. */
const mostHistory = 2_000;

export const revisionAnnotation = names.revision;

/** A number of 64 bits, which counts up from whatever somebody began with. */
const revisionOf = ({ metadata }: ReplicaSet): bigint => revisionIn(metadata.annotations?.[names.revision]);

const revisionIn = (text = ''): bigint => (/^\d{1,19}$/.test(text) ? BigInt(text) : 0n);

export const byRevision = (one: ReplicaSet, other: ReplicaSet): number => {
  const [before, after] = [revisionOf(one), revisionOf(other)];
  return before < after ? -1 : Number(before > after);
};

/** The highest one. */
export function lastRevision(replicaSets: readonly ReplicaSet[]): bigint {
  const last = replicaSets.toSorted(byRevision).at(-1);
  return last === undefined ? 0n : revisionOf(last);
}

/** What the current ReplicaSet is annotated with: a rollback makes an old one the newest revision. */
export function currentAnnotations(
  deployment: Deployment,
  present: Annotations,
  revision: bigint,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !notCopied.has(name),
  );
  const annotations: Record<string, string> = { ...present, ...Object.fromEntries(copied) };
  const before = present[names.revision];
  if (revisionIn(before) >= revision) return annotations;
  annotations[names.revision] = String(revision);
  if (before !== undefined) annotations[names.history] = longerHistory(present[names.history] ?? '', before);
  return annotations;
}

/** The oldest revisions go where it would be too long. */
function longerHistory(history: string, revision: string): string {
  const revisions = [...(history === '' ? [] : history.split(',')), revision];
  while (revisions.join(',').length > mostHistory && revisions.length > 1) revisions.shift();
  return revisions.join(',');
}

/** How many replicas a ReplicaSet was last scaled for. */
export const desiredReplicas = ({ metadata }: ReplicaSet): number | undefined =>
  numberIn(metadata.annotations?.[names.desired]);

export const maxReplicas = ({ metadata }: ReplicaSet): number | undefined =>
  numberIn(metadata.annotations?.[names.max]);

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

/** What a ReplicaSet is annotated with when it is scaled: for how many replicas in all, of whatever template. */
export const replicasAnnotations = (deployment: Deployment): Annotations => ({
  [names.desired]: String(deployment.spec.replicas),
  [names.max]: String(deployment.spec.replicas + maxSurge(deployment)),
});
