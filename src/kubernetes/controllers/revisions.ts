import { jsonEqual } from '../../store/index.ts';
import { controllerReference, type Kept, type PodTemplate } from './objects.ts';
import { contentHash } from './template-hash.ts';

/** A template of pods as it once was, kept for going back. */
export interface ControllerRevision extends Kept {
  readonly revision: number;
  /** A strategic merge patch of what it is a revision of. */
  readonly data: { readonly spec: { readonly template: PodTemplate & { readonly $patch: 'replace' } } };
}

/** The revision of the template as it is now, and what has to be written so that it is the newest. */
export interface Revised {
  readonly update: ControllerRevision;
  readonly write: 'create' | 'renumber' | 'nothing';
}

const revisionOf = (template: PodTemplate): ControllerRevision['data'] => ({
  spec: { template: { ...template, $patch: 'replace' } },
});

export const templateOf = ({ data }: ControllerRevision): PodTemplate => {
  const { $patch: _, ...template } = data.spec.template;
  return template;
};

export const byRevision = (one: ControllerRevision, other: ControllerRevision): number =>
  one.revision - other.revision || (one.metadata.name < other.metadata.name ? -1 : 1);

/**
 * @param hashLabel Names the label that tells a revision's hash.
 * @param collisions How often the name of a new revision was taken by another.
 */
export function revised(
  owner: Kept,
  template: PodTemplate,
  present: readonly ControllerRevision[],
  { hashLabel, collisions }: { readonly hashLabel: string; readonly collisions: number | undefined },
): Revised {
  const ordered = present.toSorted(byRevision);
  const newest = ordered.at(-1);
  const data = revisionOf(template);
  const equal = ordered.findLast((revision) => jsonEqual(revision.data as never, data as never));
  if (equal !== undefined && equal === newest) return { update: equal, write: 'nothing' };
  const revision = (newest?.revision ?? 0) + 1;
  if (equal !== undefined) return { update: { ...equal, revision }, write: 'renumber' };
  const hash = contentHash(data, collisions);
  const update: ControllerRevision = {
    ...{ apiVersion: 'apps/v1', kind: 'ControllerRevision', revision, data },
    metadata: {
      ...{ name: `${owner.metadata.name}-${hash}`, namespace: owner.metadata.namespace ?? '' },
      ...{ uid: '', creationTimestamp: '', ownerReferences: [controllerReference(owner)] },
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
    },
  };
  return { update, write: 'create' };
}

/** Revisions that nothing is of any more, beyond those that are kept, the oldest first. */
export function expiredRevisions(
  present: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): readonly ControllerRevision[] {
  const old = present.filter((revision) => !isLive(revision)).toSorted(byRevision);
  return old.slice(0, Math.max(0, old.length - limit));
}
