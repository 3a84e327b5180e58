import { controllerOf, type Kept } from './objects.ts';

/** Which objects are an owner's, and what has to be written so that they say so. */
export interface Claims<T> {
  readonly owned: readonly T[];
  /** Have no controller and match. */
  readonly adopt: readonly T[];
  /** Are the owner's and match no longer. */
  readonly release: readonly T[];
}

/** @param orphans Objects of the same namespace without a controller. */
export function claims<T extends Kept>(
  owner: Kept,
  matching: (object: T) => boolean,
  owned: readonly T[],
  orphans: readonly T[],
): Claims<T> {
  const isOwn = (object: T) => controllerOf(object)?.uid === owner.metadata.uid;
  const own = owned.filter(isOwn);
  // Who goes himself takes nobody in and turns nobody out.
  const isGoing = owner.metadata.deletionTimestamp !== undefined;
  return {
    owned: own.filter(matching),
    release: isGoing ? [] : own.filter((object) => !matching(object)),
    adopt: isGoing
      ? []
      : orphans.filter(
          (object) =>
            object.metadata.deletionTimestamp === undefined &&
            controllerOf(object) === undefined &&
            matching(object),
        ),
  };
}
