import type { JsonObject } from '../objects/object.ts';

/** What of a custom resource its definition alone can say, for one of its versions. */
export interface CustomVersion {
  /** Objects are kept as of this version, whichever wrote them. */
  readonly storageVersion: string;
  /** The definition is being deleted: nothing new is made any more. */
  readonly isTerminating: boolean;
  /** The structural schema that its objects are read, pruned, defaulted and validated by. */
  readonly schema: JsonObject;
  /** What whoever uses it is told; undefined: it is not deprecated. */
  readonly deprecationWarning: string | undefined;
}
