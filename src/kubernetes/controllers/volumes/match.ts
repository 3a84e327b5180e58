import { selects } from '../label-selector.ts';
import { type Claim, classOf, isFor, storageOf, type Volume } from './objects.ts';

/**
 * The volume that a claim gets: one that is kept for it, else the smallest of those that will do.
 * @param isDelayed Nobody needs it yet: only what is kept for it is taken.
 */
export function matchingVolume(
  claim: Claim,
  volumes: readonly Volume[],
  isDelayed: boolean,
): Volume | undefined {
  const usable = volumes.filter(
    (volume) => volume.metadata.deletionTimestamp === undefined && modeOf(volume) === modeOf(claim),
  );
  const wanted = storageOf(claim.spec.resources?.requests);
  const kept = usable.find((volume) => isFor(volume, claim) && storageOf(volume.spec.capacity) >= wanted);
  if (kept !== undefined || isDelayed) return kept;
  const { selector } = claim.spec;
  const matches = selector === undefined ? () => true : selects(selector);
  return usable
    .filter(
      (volume) =>
        volume.spec.claimRef === undefined &&
        volume.status?.phase === 'Available' &&
        unfit(volume, claim) === undefined &&
        matches(volume.metadata.labels),
    )
    .toSorted(bySize)[0];
}

const modeOf = ({ spec }: Claim | Volume): string => spec.volumeMode ?? 'Filesystem';

function bySize(one: Volume, other: Volume): number {
  const difference = storageOf(one.spec.capacity) - storageOf(other.spec.capacity);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return one.metadata.name < other.metadata.name ? -1 : 1;
}

/** Why a volume can't be a claim's, in upstream's words; undefined: it can. */
export function unfit(volume: Volume, claim: Claim): string | undefined {
  if (storageOf(volume.spec.capacity) < storageOf(claim.spec.resources?.requests))
    return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  const { accessModes = [] } = volume.spec;
  return (claim.spec.accessModes ?? []).every((mode) => accessModes.includes(mode))
    ? undefined
    : 'incompatible accessMode';
}
