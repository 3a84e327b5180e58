import type { Pod, ResourceFieldSelector, Volume } from '../objects/pod.ts';

/** The kinds of volumes that nodes have, as a pod's `spec.volumes` names them. */
export type VolumeSource =
  | { readonly kind: 'emptyDir'; readonly emptyDir: EmptyDir }
  | { readonly kind: 'hostPath'; readonly hostPath: HostPath }
  | { readonly kind: 'configMap'; readonly configMap: ObjectProjection & WithMode }
  | { readonly kind: 'secret'; readonly secret: SecretVolume }
  | { readonly kind: 'downwardAPI'; readonly downwardAPI: DownwardProjection & WithMode }
  | { readonly kind: 'projected'; readonly projected: ProjectedVolume }
  | { readonly kind: 'persistentVolumeClaim'; readonly claimName: string; readonly isReadOnly: boolean }
  | { readonly kind: 'image'; readonly image: ImageVolume }
  | { readonly kind: 'unsupported'; readonly source: string };

/** The kinds whose files come from the API server, and follow what it has. */
export type ProjectedSource = Extract<
  VolumeSource,
  { readonly kind: 'configMap' | 'secret' | 'downwardAPI' | 'projected' }
>;

export interface EmptyDir {
  readonly medium?: string;
  readonly sizeLimit?: string;
}

export interface HostPath {
  readonly path: string;
  readonly type?: string;
}

/** Of an image (KEP-4639). */
export interface ImageVolume {
  readonly reference?: string;
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
}

interface WithMode {
  readonly defaultMode?: number;
}

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

/** Of a ConfigMap or, within `projected`, a Secret. */
export interface ObjectProjection {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

interface SecretVolume extends WithMode {
  readonly secretName?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

export interface DownwardProjection {
  readonly items?: readonly DownwardFile[];
}

export interface DownwardFile {
  readonly path: string;
  readonly mode?: number;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: ResourceFieldSelector;
}

export interface ServiceAccountTokenProjection {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path: string;
}

export interface VolumeProjection {
  readonly configMap?: ObjectProjection;
  readonly secret?: ObjectProjection;
  readonly downwardAPI?: DownwardProjection;
  readonly serviceAccountToken?: ServiceAccountTokenProjection;
}

interface ProjectedVolume extends WithMode {
  readonly sources?: readonly VolumeProjection[];
}

/** A pod's volumes that are images. */
export const imageVolumesOf = ({
  metadata,
  spec,
}: Pod): readonly (ImageVolume & { readonly name: string })[] =>
  (spec.volumes ?? []).flatMap((volume) => {
    const source = sourceOf(volume, metadata.name);
    return source.kind === 'image' ? [{ name: volume.name, ...source.image }] : [];
  });

/** What the API server has checked, by the one member that a volume has beside its name. */
export function sourceOf(volume: Volume, podName: string): VolumeSource {
  const [kind = 'emptyDir', source = {}] = Object.entries(volume).find(([member]) => member !== 'name') ?? [];
  switch (kind) {
    case 'emptyDir':
    case 'hostPath':
    case 'image':
    case 'configMap':
    case 'secret':
    case 'downwardAPI':
    case 'projected':
      // The API server's schema says that this is what such a member holds.
      return { kind, [kind]: source } as unknown as VolumeSource;
    case 'persistentVolumeClaim': {
      const { claimName, readOnly = false } = source as { claimName: string; readOnly?: boolean };
      return { kind, claimName, isReadOnly: readOnly };
    }
    case 'ephemeral':
      // Its claim is made by a controller, under this name.
      return {
        kind: 'persistentVolumeClaim',
        claimName: `${podName}-${volume.name}`,
        isReadOnly: false,
      };
    default:
      return { kind: 'unsupported', source: kind };
  }
}
