import type { KubernetesObject } from './object.ts';

/** What pods refer to and store things in. */
export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface PersistentVolumeClaim extends KubernetesObject {
  readonly spec: {
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly resources?: { readonly requests?: Sizes };
  };
  readonly status?: {
    readonly phase?: string;
    readonly capacity?: Sizes;
    readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string }[];
  };
}

type Sizes = { readonly storage?: string };

export interface PersistentVolume extends KubernetesObject {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly capacity?: Sizes;
    readonly claimRef?: { readonly uid?: string };
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
    readonly mountOptions?: readonly string[];
    readonly local?: { readonly path: string };
    readonly hostPath?: { readonly path: string; readonly type?: string };
  };
}
