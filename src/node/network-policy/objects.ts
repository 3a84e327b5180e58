import type { LabelSelector } from '../../label-selector.ts';
import type { KubernetesObject } from '../kubelet/objects/object.ts';

/** What is needed of a NetworkPolicy. The API server has checked it and filled in defaults: it is trusted here. */
export interface NetworkPolicy extends KubernetesObject {
  readonly spec?: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from?: readonly PolicyPeerSpec[];
      readonly ports?: readonly PolicyPortSpec[];
    }[];
    readonly egress?: readonly {
      readonly to?: readonly PolicyPeerSpec[];
      readonly ports?: readonly PolicyPortSpec[];
    }[];
  };
}

export interface PolicyPeerSpec {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PolicyPortSpec {
  readonly protocol?: string;
  /** Absent: all. */
  readonly port?: number | string;
  readonly endPort?: number;
}

/** What is needed of a Pod. */
export interface PolicyPod extends KubernetesObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly PortedContainer[];
    readonly initContainers?: readonly (PortedContainer & { readonly restartPolicy?: string })[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

interface PortedContainer {
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
}
