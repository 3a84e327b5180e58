import type { NodeSelectorTerm } from '../controllers/node-fit.ts';
import type { Kept, LabelSelector } from '../controllers/objects.ts';
import type { ResourceList } from './objects.ts';

/** What the scheduler reads of a PersistentVolumeClaim. */
export interface Claim extends Kept {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly selector?: LabelSelector;
    readonly resources?: { readonly requests?: ResourceList };
  };
}

export interface PersistentVolume extends Kept {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly capacity?: ResourceList;
    readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
    readonly nodeAffinity?: {
      readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
    };
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
  };
  readonly status?: { readonly phase?: string };
}

export interface StorageClass extends Kept {
  readonly provisioner: string;
  readonly volumeBindingMode?: string;
  readonly allowedTopologies?: readonly {
    readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  }[];
}

export interface CsiNode extends Kept {
  readonly spec?: {
    readonly drivers?: readonly {
      readonly name: string;
      readonly allocatable?: { readonly count?: number };
    }[];
  };
}

/** On a claim: the node that its volume is to be made for. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
const bindCompleted = 'pv.kubernetes.io/bind-completed';

/** Its volume is there, and knows it. */
export const isBound = ({ metadata, spec }: Claim): boolean =>
  (spec.volumeName ?? '') !== '' && metadata.annotations?.[bindCompleted] !== undefined;
