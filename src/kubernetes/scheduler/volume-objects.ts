import type { Kept } from '../controllers/objects.ts';
import {
  annotationOf,
  bindCompleted,
  type Claim,
  type StorageClass,
  type Volume,
} from '../controllers/volumes/objects.ts';

/** What the scheduler reads of a volume, beside what binding it takes. */
export type PlacedVolume = Volume & {
  readonly spec: { readonly csi?: { readonly driver: string; readonly volumeHandle: string } };
};

/** Where its volumes may be made. */
export type PlacedStorageClass = StorageClass & {
  readonly allowedTopologies?: readonly {
    readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  }[];
};

export interface CsiNode extends Kept {
  readonly spec?: {
    readonly drivers?: readonly {
      readonly name: string;
      readonly allocatable?: { readonly count?: number };
    }[];
  };
}

/** Its volume is there, and knows it. */
export const isBound = (claim: Claim): boolean =>
  (claim.spec.volumeName ?? '') !== '' && annotationOf(claim, bindCompleted) !== undefined;
