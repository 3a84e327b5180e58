import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, idText, type MadeBy, scopeOfKey, type Tags } from '../records.ts';
import type { AddonName } from './catalogue.ts';

/** An add-on as it is wanted: a function of its cluster, and in which version it is told. */
export interface AddonRecord {
  /** UUID. */
  readonly id: string;
  readonly name: AddonName;
  readonly clusterName: string;
  readonly version: string;
  /** As it was given; absent: never. */
  readonly configurationValues?: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
  /** The update that has yet to be followed. */
  readonly updateId?: string;
  /** It is to go; preserved: its function stays. */
  readonly isDeleting?: { readonly isPreserved: boolean };
  /** The reconciler's own. */
  readonly phase: 'ACTIVE' | 'CREATING';
}

/** `addon/<cluster>/<name>` */
export const addons: Collection<AddonRecord, 'cluster' | 'id'> = {
  service: 'eks',
  noun: 'addon',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    id: ({ id }, key) => idText(scopeOfKey(key), id),
  },
};

export const addonKey = ({ accountId, region }: Scope, clusterName: string, name: string): RecordKey =>
  recordKey(addons, accountId, region, clusterName, name);

/** Of a cluster, in no order. */
export const addonsOf = (reader: Reader, scope: Scope, clusterName: string): readonly AddonRecord[] =>
  reader.byIndex(addons, 'cluster', clusterText(scope, clusterName)).map(({ value }) => value);
