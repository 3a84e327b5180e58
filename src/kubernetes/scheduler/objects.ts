import type { NodeSelectorTerm, Placement, Node as TaintedNode } from '../controllers/node-fit.ts';
import type { Container, LabelSelector, Pod } from '../controllers/objects.ts';

/** What the scheduler reads of a pod. */
export interface PlacedPod extends Pod {
  readonly spec: PlacedSpec;
  readonly status?: Pod['status'] & { readonly nominatedNodeName?: string };
}

export interface PlacedSpec extends Placement {
  readonly schedulerName?: string;
  readonly schedulingGates?: readonly { readonly name: string }[];
  readonly priority?: number;
  readonly preemptionPolicy?: string;
  readonly overhead?: ResourceList;
  readonly resources?: { readonly requests?: ResourceList };
  readonly containers: readonly PlacedContainer[];
  readonly initContainers?: readonly PlacedContainer[];
  readonly volumes?: readonly PodVolume[];
  readonly topologySpreadConstraints?: readonly SpreadConstraint[];
  readonly affinity?: Placement['affinity'] & {
    readonly nodeAffinity?: {
      readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
        readonly weight: number;
        readonly preference: NodeSelectorTerm;
      }[];
    };
    readonly podAffinity?: PodAffinity;
    readonly podAntiAffinity?: PodAffinity;
  };
}

export type ResourceList = Readonly<Record<string, string>>;

export interface PlacedContainer extends Container {
  readonly image?: string;
  readonly resources?: { readonly requests?: ResourceList };
  readonly ports?: readonly {
    readonly containerPort: number;
    readonly hostPort?: number;
    readonly hostIP?: string;
    readonly protocol?: string;
  }[];
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly AffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly podAffinityTerm: AffinityTerm;
  }[];
}

export interface AffinityTerm {
  readonly labelSelector?: LabelSelector;
  readonly topologyKey: string;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
  readonly labelSelector?: LabelSelector;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly matchLabelKeys?: readonly string[];
}

export interface PodVolume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  readonly ephemeral?: { readonly volumeClaimTemplate?: object };
}

/** What the scheduler reads of a node. */
export interface PlacedNode extends TaintedNode {
  readonly status?: NonNullable<TaintedNode['status']> & {
    readonly allocatable?: ResourceList;
    readonly images?: readonly { readonly names?: readonly string[]; readonly sizeBytes?: number }[];
  };
}
