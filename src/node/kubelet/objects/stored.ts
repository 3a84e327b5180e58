import type { KubernetesObject } from './object.ts';

/** What pods refer to and store things in. */
export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface PersistentVolumeClaim extends KubernetesObject {
  readonly spec: { readonly volumeName?: string; readonly volumeMode?: string };
  readonly status?: { readonly phase?: string };
}

export interface PersistentVolume extends KubernetesObject {
  readonly spec: {
    readonly claimRef?: { readonly uid?: string };
    readonly local?: { readonly path: string };
    readonly hostPath?: { readonly path: string; readonly type?: string };
  };
}
