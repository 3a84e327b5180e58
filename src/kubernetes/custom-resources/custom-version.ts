import type { JsonObject } from '../objects/object.ts';
import type { Column } from '../table/column.ts';
import type { WebhookClientConfig } from '../webhooks/client-config.ts';

/** What of a custom resource its definition alone can say, for one of its versions. */
export interface CustomVersion {
  /** Objects are kept as of this version, whichever wrote them. */
  readonly storageVersion: string;
  /** Who turns its objects into other versions; undefined: the versions differ in their names alone. */
  readonly conversion: ConversionWebhook | undefined;
  /** The definition is being deleted: nothing new is made any more. */
  readonly isTerminating: boolean;
  /** The structural schema that its objects are read, pruned, defaulted and validated by. */
  readonly schema: JsonObject;
  /** Of its table, besides the name. */
  readonly columns: readonly Column[];
  /** Undefined: it has no scale. */
  readonly scale: CustomScale | undefined;
  /** Paths such as `spec.color`, besides name and namespace. */
  readonly selectableFields: readonly string[];
  /** What whoever uses it is told; undefined: it is not deprecated. */
  readonly deprecationWarning: string | undefined;
}

/** `spec.conversion` of the strategy `Webhook`. */
export interface ConversionWebhook {
  /** Another one for other settings: what it said is its alone. */
  readonly id: string;
  readonly config: WebhookClientConfig;
  /** `v1` or `v1beta1`: of the ConversionReviews that it understands, the one that it wants most. */
  readonly reviewVersion: string;
}

/** Where a scale is read and written; paths such as `spec.replicas`. */
export interface CustomScale {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  /** Undefined: nobody is told. */
  readonly labelSelectorPath: string | undefined;
}
