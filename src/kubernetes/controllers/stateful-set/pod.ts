import { controllerReference, type Kept, type Pod, type PodTemplate } from '../objects.ts';
import { type NewPod, podOf } from '../pod-control.ts';
import type { Claim } from '../volumes/objects.ts';
import {
  type ClaimTemplate,
  isWanted,
  ordinalOf,
  podIndexLabel,
  podNameLabel,
  revisionLabel,
  type StatefulSet,
} from './objects.ts';

export const podName = ({ metadata }: StatefulSet, ordinal: number): string => `${metadata.name}-${ordinal}`;

/** What makes a pod this one of the set. */
export const identityLabels = (set: StatefulSet, ordinal: number): Readonly<Record<string, string>> => ({
  [podNameLabel]: podName(set, ordinal),
  [podIndexLabel]: String(ordinal),
});

/** The pod of an ordinal, by a revision of the template: with its name, its host name and its own claims. */
export function statefulPod(
  set: StatefulSet,
  template: PodTemplate,
  ordinal: number,
  revision: string,
): NewPod {
  const name = podName(set, ordinal);
  const claims = set.spec.volumeClaimTemplates ?? [];
  const own = claims.map((claim) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
  }));
  const volumes = volumesOf(template).filter((volume) => !own.some((claim) => claim.name === volume.name));
  const made: PodTemplate = {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...identityLabels(set, ordinal),
        [revisionLabel]: revision,
      },
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName !== undefined && { subdomain: set.spec.serviceName }),
      ...(own.length + volumes.length > 0 && { volumes: [...own, ...volumes] }),
    },
  };
  return podOf(made, set, { name });
}

function volumesOf({ spec }: PodTemplate): readonly { readonly name: string }[] {
  const { volumes } = spec;
  return Array.isArray(volumes) ? volumes : [];
}

const claimName = (set: StatefulSet, { metadata }: ClaimTemplate, ordinal: number): string =>
  `${metadata.name}-${podName(set, ordinal)}`;

/** The claims that a pod of the ordinal has, as they are made where they are missing. */
export function claimsOf(
  set: StatefulSet,
  ordinal: number,
): readonly { readonly name: string; readonly body: object }[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => {
    const { labels, annotations } = template.metadata;
    const name = claimName(set, template, ordinal);
    const metadata = {
      ...{ name, namespace: set.metadata.namespace },
      labels: { ...labels, ...set.spec.selector.matchLabels },
      ...(annotations && { annotations }),
      ...(deletesWithSet(set) && { ownerReferences: [controllerReference(set)] }),
    };
    return { name, body: { metadata, spec: template.spec } };
  });
}

const deletesWithSet = ({ spec }: StatefulSet): boolean =>
  spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';

/**
 * Whose a claim is to be by the set's retention policy: it goes with the set, with a pod that scaling takes away, or with
 * nobody. Undefined: as it is.
 */
export function claimOwners(set: StatefulSet, pod: Pod, claim: Claim): Kept['metadata']['ownerReferences'] {
  const present = claim.metadata.ownerReferences ?? [];
  const others = present.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid);
  const isScaledDown = !isWanted(set, ordinalOf(set, pod) ?? -1);
  const { whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const owner = isScaledDown && whenScaled === 'Delete' ? pod : deletesWithSet(set) ? set : undefined;
  // Another's claim stays another's.
  const isForeign = others.some(({ controller }) => controller === true);
  const wanted = owner === undefined || isForeign ? others : [...others, controllerReference(owner)];
  const isSame =
    wanted.length === present.length && wanted.every(({ uid }) => present.some((one) => one.uid === uid));
  return isSame ? undefined : wanted;
}
