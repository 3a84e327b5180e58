import { type KubernetesObject, memberOf, objectsIn, textOf, timestamp } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';

/** What is left of a resource in a namespace that is to go. */
export interface Remaining {
  readonly resource: Pick<Resource, 'group' | 'name'>;
  readonly objects: readonly Pick<KubernetesObject, 'metadata'>[];
}

interface Saying {
  readonly reason: string;
  readonly message: string;
}

/** In upstream's order and words. */
const whenFine = {
  NamespaceDeletionDiscoveryFailure: {
    ...{ reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
  },
  NamespaceDeletionGroupVersionParsingFailure: {
    ...{ reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
  },
  NamespaceDeletionContentFailure: {
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
  NamespaceContentRemaining: { reason: 'ContentRemoved', message: 'All content successfully removed' },
  NamespaceFinalizersRemaining: {
    ...{ reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
  },
} satisfies Readonly<Record<string, Saying>>;

/**
 * A namespace that waits for what is in it, with what its status tells of that; the same object where it says so already.
 * @param refusals Of what did not let itself be deleted.
 */
export function withConditions(
  namespace: KubernetesObject,
  remaining: readonly Remaining[],
  refusals: readonly string[],
  nowMs: number,
): KubernetesObject {
  const status = memberOf(namespace, 'status');
  const before = objectsIn(status, 'conditions');
  const wrong = troubles(remaining, refusals);
  const conditions = Object.entries(whenFine).map(([type, fine]) => {
    const trouble = wrong[type as keyof typeof whenFine];
    const said = { status: trouble === undefined ? 'False' : 'True', ...(trouble ?? fine), type };
    const earlier = before.find((each) => textOf(each, 'type') === type);
    const isSame = textOf(earlier, 'status') === said.status;
    const since = isSame ? textOf(earlier, 'lastTransitionTime') : timestamp(nowMs);
    return { lastTransitionTime: since, ...said };
  });
  const own = before.filter((each) => !Object.hasOwn(whenFine, textOf(each, 'type')));
  return { ...namespace, status: { ...status, conditions: [...own, ...conditions] } };
}

function troubles(
  remaining: readonly Remaining[],
  refusals: readonly string[],
): Partial<Record<keyof typeof whenFine, Saying>> {
  const counts = remaining.flatMap(({ resource: { name, group }, objects }) =>
    objects.length === 0 ? [] : [`${name}.${group} has ${objects.length} resource instances`],
  );
  const finalizers = remaining.flatMap(({ objects }) =>
    objects.flatMap(({ metadata }) => metadata.finalizers ?? []),
  );
  const waits = [...Map.groupBy(finalizers, (name) => name)].map(
    ([name, all]) => `${name} in ${all.length} resource instances`,
  );
  return {
    ...(refusals.length > 0 && {
      NamespaceDeletionContentFailure: {
        reason: 'ContentDeletionFailed',
        message: `Failed to delete all resource types, ${refusals.length} remaining: ${refusals.toSorted().join(', ')}`,
      },
    }),
    ...(counts.length > 0 && {
      NamespaceContentRemaining: {
        reason: 'SomeResourcesRemain',
        message: `Some resources are remaining: ${counts.toSorted().join(', ')}`,
      },
    }),
    ...(waits.length > 0 && {
      NamespaceFinalizersRemaining: {
        reason: 'SomeFinalizersRemain',
        message: `Some content in the namespace has finalizers remaining: ${waits.toSorted().join(', ')}`,
      },
    }),
  };
}
