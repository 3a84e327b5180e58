import type { Pod, PodContainer } from '../objects/pod.ts';
import { sourceOf, type VolumeProjection } from './volume-source.ts';

export type ObjectKind = 'ConfigMap' | 'Secret';

export interface ObjectReference {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** The ConfigMaps and Secrets that a pod's volumes and environments are made of; some may be named more than once. */
export function referencesOf({ metadata, spec }: Pod): readonly ObjectReference[] {
  const { initContainers = [], containers, ephemeralContainers = [], volumes = [] } = spec;
  const ofVolumes = volumes.flatMap((volume) => {
    const source = sourceOf(volume, metadata.name);
    switch (source.kind) {
      case 'configMap':
        return reference('ConfigMap', source.configMap);
      case 'secret':
        return reference('Secret', { name: source.secret.secretName ?? '' });
      case 'projected':
        return (source.projected.sources ?? []).flatMap(ofProjection);
      default:
        return [];
    }
  });
  return [...ofVolumes, ...[...initContainers, ...containers, ...ephemeralContainers].flatMap(ofContainer)];
}

const ofProjection = ({ configMap, secret }: VolumeProjection): readonly ObjectReference[] => [
  ...reference('ConfigMap', configMap),
  ...reference('Secret', secret),
];

function ofContainer({ env = [], envFrom = [] }: PodContainer): readonly ObjectReference[] {
  const sources = [
    ...envFrom.map(({ configMapRef, secretRef }) => [configMapRef, secretRef] as const),
    ...env.map(({ valueFrom }) => [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef] as const),
  ];
  return sources.flatMap(([configMap, secret]) => [
    ...reference('ConfigMap', configMap),
    ...reference('Secret', secret),
  ]);
}

const reference = (
  kind: ObjectKind,
  source: { readonly name?: string } | undefined,
): readonly ObjectReference[] => (source?.name ? [{ kind, name: source.name }] : []);
