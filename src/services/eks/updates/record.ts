import type { ErrorCode, UpdateParamType, UpdateType } from '@aws-sdk/client-eks';
import { type Collection, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, type MadeBy, scopeOfKey } from '../records.ts';

/** A change of a cluster, from the request to when its control plane says that it is so. */
export interface UpdateRecord {
  /** UUID. */
  readonly id: string;
  readonly clusterName: string;
  readonly type: UpdateType;
  /** Of what a node group is changed. */
  readonly nodegroupName?: string;
  /** The add-on that is changed. */
  readonly addonName?: string;
  readonly status: 'Failed' | 'InProgress' | 'Successful';
  readonly params: readonly UpdateParam[];
  readonly createdAt: number;
  readonly request?: MadeBy;
  /** Why it is Failed. */
  readonly errors?: readonly UpdateError[];
}

export interface UpdateError {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  readonly resourceIds: readonly string[];
}

export interface UpdateParam {
  readonly type: UpdateParamType;
  /** Lists and objects as JSON. */
  readonly value: string;
}

/** `update/<cluster>/<id>` */
export const updates: Collection<UpdateRecord, 'cluster'> = {
  service: 'eks',
  noun: 'update',
  indexes: { cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName) },
};

export const updateKey = ({ accountId, region }: Scope, clusterName: string, id: string): RecordKey =>
  recordKey(updates, accountId, region, clusterName, id);
