import type { LabelSelector } from '../../label-selector.ts';
import type { Json } from '../../store/index.ts';
import type { ObjectMeta, OwnerReference } from '../objects/object.ts';

/** Metadata as every object in the store has them. */
export interface Meta extends ObjectMeta {
  readonly uid: string;
  readonly creationTimestamp: string;
}

/** What controllers know of any object. */
export interface Kept {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
}

export type { LabelSelector };

/** A number, or a share of another number such as `25%`. */
export type IntOrString = number | string;

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly lastProbeTime?: string;
  readonly observedGeneration?: number;
}

export interface PodTemplate {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly restartPolicy?: string;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly valueFrom?: Json }[];
  readonly ports?: readonly ContainerPort[];
  readonly [field: string]: unknown;
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: { readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

export interface Terminated {
  readonly exitCode: number;
  readonly finishedAt?: string;
}

export interface Pod extends Kept {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly startTime?: string;
    readonly podIP?: string;
  };
}

export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicaSet extends Kept {
  readonly spec: {
    readonly replicas: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaSetStatus;
}

export interface ReplicationController extends Kept {
  readonly spec: {
    readonly replicas: number;
    readonly minReadySeconds?: number;
    readonly selector?: Readonly<Record<string, string>>;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaSetStatus;
}

export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

export interface Deployment extends Kept {
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy: {
      readonly type: string;
      readonly rollingUpdate?: { readonly maxSurge?: IntOrString; readonly maxUnavailable?: IntOrString };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly paused?: boolean;
    readonly progressDeadlineSeconds?: number;
  };
  readonly status?: DeploymentStatus;
}

/** The one owner that decides about an object. */
export const controllerOf = ({ metadata }: { readonly metadata: ObjectMeta }): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

export const controllerReference = ({ apiVersion, kind, metadata }: Kept): OwnerReference => ({
  ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid },
  ...{ controller: true, blockOwnerDeletion: true },
});

export const conditionOf = (
  status: { readonly conditions?: readonly Condition[] } | undefined,
  type: string,
): Condition | undefined => status?.conditions?.find((condition) => condition.type === type);

/** Milliseconds since the epoch of a time in an object; undefined: it has none. */
export const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

/** Older first; names decide between those of the same second. */
export const byCreation = (one: Kept, other: Kept): number =>
  one.metadata.creationTimestamp === other.metadata.creationTimestamp
    ? one.metadata.name < other.metadata.name
      ? -1
      : 1
    : one.metadata.creationTimestamp < other.metadata.creationTimestamp
      ? -1
      : 1;
