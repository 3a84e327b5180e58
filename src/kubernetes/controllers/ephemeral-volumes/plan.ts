import { controllerReference, type Pod } from '../objects.ts';

interface EphemeralVolume {
  readonly name: string;
  readonly template: {
    readonly metadata?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: object;
  };
}

interface PodVolume {
  readonly name: string;
  readonly ephemeral?: { readonly volumeClaimTemplate?: EphemeralVolume['template'] };
}

/** The volumes of a pod that have a claim made for them. */
export const ephemeralVolumes = ({ spec }: Pod): readonly EphemeralVolume[] =>
  ((spec.volumes ?? []) as readonly PodVolume[]).flatMap(({ name, ephemeral }) =>
    ephemeral?.volumeClaimTemplate === undefined ? [] : [{ name, template: ephemeral.volumeClaimTemplate }],
  );

/** The claim of one: named after pod and volume, and the pod's own, so that it goes with it. */
export function claimFor(pod: Pod, { name, template: { metadata, spec } }: EphemeralVolume) {
  const { labels, annotations } = metadata ?? {};
  return {
    metadata: {
      name: `${pod.metadata.name}-${name}`,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(pod)],
    },
    spec,
  };
}
