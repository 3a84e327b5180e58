import { parseQuantity } from '../../../quantity.ts';
import type { NodeSelectorTerm } from '../node-fit.ts';
import type { Condition, Kept, LabelSelector } from '../objects.ts';

type Quantities = Readonly<Record<string, string>>;

export interface Claim extends Kept {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly dataSource?: DataSource;
    readonly dataSourceRef?: DataSource;
    readonly resources?: { readonly requests?: Quantities };
    readonly selector?: LabelSelector;
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly volumeName?: string;
  };
  readonly status?: ClaimStatus;
}

/** What a volume is to be filled from. */
export interface DataSource {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export interface ClaimStatus {
  readonly phase?: string;
  readonly accessModes?: readonly string[];
  /** What a claim that grows is to have, and how far that has come. */
  readonly allocatedResources?: Quantities;
  readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
  readonly capacity?: Quantities;
  readonly conditions?: readonly Condition[];
}

export interface ClaimReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface Volume extends Kept {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly capacity?: Quantities;
    readonly claimRef?: ClaimReference;
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
    readonly nodeAffinity?: {
      readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
    };
    readonly persistentVolumeReclaimPolicy?: string;
    readonly storageClassName?: string;
    readonly volumeMode?: string;
  };
  readonly status?: VolumeStatus;
}

export interface VolumeStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastPhaseTransitionTime?: string;
}

export interface StorageClass extends Kept {
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: string;
  readonly mountOptions?: readonly string[];
  readonly volumeBindingMode?: string;
  /** Where its volumes may be made; none: everywhere. */
  readonly allowedTopologies?: readonly {
    readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  }[];
}

/** A claim whose binding has been carried through; should its volume be missing from then on, it is lost. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** A binding that nobody had asked for by name. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** By whom a volume was made, who also takes it away. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** The node that a claim's volume is to be made for, as the scheduler says. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** Who is to make the volume of a claim; the second is what older provisioners read. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const olderStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';

/** They hold what is in use: see the admission rule `StorageObjectInUseProtection`. */
export const claimProtection = 'kubernetes.io/pvc-protection';
export const volumeProtection = 'kubernetes.io/pv-protection';

/** Whether a class's volumes may be made for a node with these labels. */
export const isAllowedFor = (
  { allowedTopologies = [] }: StorageClass,
  labels: Readonly<Record<string, string>>,
): boolean =>
  allowedTopologies.length === 0 ||
  allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? '')),
  );

export const annotationOf = ({ metadata }: Kept, name: string): string | undefined =>
  metadata.annotations?.[name];

/** The class that a claim or a volume is of; `''`: none. */
export const classOf = (of: Claim | Volume): string =>
  annotationOf(of, 'volume.beta.kubernetes.io/storage-class') ?? of.spec.storageClassName ?? '';

/** In billionths of a byte. */
export const storageOf = (quantities: Quantities | undefined): bigint =>
  parseQuantity(quantities?.storage ?? '0')?.nanos ?? 0n;

/** Whether a volume is kept for a claim, by its name and, where it says so, its uid. */
export const isFor = ({ spec: { claimRef } }: Volume, { metadata }: Claim): boolean =>
  claimRef !== undefined &&
  claimRef.namespace === metadata.namespace &&
  claimRef.name === metadata.name &&
  ((claimRef.uid ?? '') === '' || claimRef.uid === metadata.uid);
