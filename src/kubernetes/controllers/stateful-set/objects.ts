import type { ObjectMeta } from '../../objects/object.ts';
import type { Condition, IntOrString, Kept, LabelSelector, Pod, PodTemplate } from '../objects.ts';

export interface StatefulSet extends Kept {
  readonly spec: StatefulSetSpec;
  readonly status?: StatefulSetStatus;
}

export interface StatefulSetSpec {
  readonly replicas: number;
  readonly selector: LabelSelector;
  readonly serviceName?: string;
  readonly template: PodTemplate;
  readonly podManagementPolicy?: string;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly ordinals?: { readonly start?: number };
  readonly updateStrategy: {
    readonly type: string;
    readonly rollingUpdate?: { readonly partition?: number; readonly maxUnavailable?: IntOrString };
  };
  readonly volumeClaimTemplates?: readonly ClaimTemplate[];
  readonly persistentVolumeClaimRetentionPolicy?: {
    readonly whenDeleted?: string;
    readonly whenScaled?: string;
  };
}

export interface ClaimTemplate {
  readonly metadata: Partial<ObjectMeta> & { readonly name: string };
  readonly spec: object;
}

export interface StatefulSetStatus {
  readonly observedGeneration?: number;
  readonly replicas: number;
  readonly readyReplicas?: number;
  readonly currentReplicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
export const podIndexLabel = 'apps.kubernetes.io/pod-index';
/** The revision that a pod is of, by its whole name. */
export const revisionLabel = 'controller-revision-hash';

/** Of a pod that is one of the set's by its name; undefined: it is not. */
export function ordinalOf({ metadata: set }: StatefulSet, { metadata }: Kept): number | undefined {
  const start = `${set.name}-`;
  const text = metadata.name.startsWith(start) ? metadata.name.slice(start.length) : '';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}

export const firstOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;

/** Whether a pod of the ordinal is wanted. */
export const isWanted = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + set.spec.replicas;

export const podRevision = ({ metadata }: Pod): string => metadata.labels?.[revisionLabel] ?? '';
