import type { Kept } from '../controllers/objects.ts';
import { annotationOf, bindCompleted, type Claim } from '../controllers/volumes/objects.ts';

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
