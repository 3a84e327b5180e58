import {
  annotationOf,
  boundByController,
  type Claim,
  type ClaimReference,
  provisionedBy,
  type Volume,
} from './objects.ts';

/** What is done about a volume. */
export interface VolumePlan {
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  /** The claim that it was kept for has another: what it says of one from now on. */
  readonly claimRef?: { readonly becomes: ClaimReference | undefined };
}

/** @param claim The one that it is kept for, as long as it is the same; undefined: it is gone. */
export function planVolume(volume: Volume, claim: Claim | undefined): VolumePlan {
  const { claimRef } = volume.spec;
  if (claimRef === undefined || (claimRef.uid ?? '') === '') return { phase: 'Available' };
  if (claim === undefined) return released(volume);
  const { volumeName = '' } = claim.spec;
  // The claim's own turn carries the binding through.
  if (volumeName === '') return { phase: volume.status?.phase ?? 'Available' };
  if (volumeName === volume.metadata.name) return { phase: 'Bound' };
  if (annotationOf(volume, provisionedBy) !== undefined) return released(volume);
  const { uid: _, ...asked } = claimRef;
  const isAsked = annotationOf(volume, boundByController) === undefined;
  return { phase: 'Available', claimRef: { becomes: isAsked ? asked : undefined } };
}

/** Its data may not be given to another claim. */
function released({ metadata, spec, status }: Volume): VolumePlan {
  switch (spec.persistentVolumeReclaimPolicy) {
    case 'Recycle':
      return failed('VolumeRecycleFailed', 'No recycler plugin found for the volume!');
    case 'Delete': {
      if (metadata.annotations?.[provisionedBy] === undefined)
        return failed(
          'VolumeFailedDelete',
          `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`,
        );
      // Whoever made it takes it away, and may say that he could not.
      return {
        ...(status?.phase === 'Failed' ? status : {}),
        phase: status?.phase === 'Failed' ? 'Failed' : 'Released',
      };
    }
    default:
      return { phase: 'Released' };
  }
}

const failed = (reason: string, message: string): VolumePlan => ({ phase: 'Failed', reason, message });
