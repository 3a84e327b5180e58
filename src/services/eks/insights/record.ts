import type { AddonCompatibilityDetail, Category, InsightStatusValue } from '@aws-sdk/client-eks';
import { type Collection, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, scopeOfKey } from '../records.ts';

/** What was found when a cluster was looked into last. */
export interface InsightsRecord {
  readonly clusterName: string;
  /** That it had then; absent: it was not looked into yet. */
  readonly clusterVersion?: string;
  readonly insights: readonly KeptInsight[];
  readonly startedAt: number;
  /** Absent: it is being looked into. */
  readonly endedAt?: number;
}

/** What a check says. */
export interface Finding {
  readonly name: string;
  readonly category: Category;
  /** That the cluster might get: `1.36`. */
  readonly version: string;
  readonly status: InsightStatusValue;
  readonly reason: string;
  /** What it is because of. */
  readonly resources: readonly FoundResource[];
  /** Add-ons that have to be changed first, with the versions that would do. */
  readonly addons?: readonly AddonCompatibilityDetail[];
}

interface FoundResource {
  readonly status: InsightStatusValue;
  /** `/api/v1/nodes/…` */
  readonly uri?: string;
  readonly arn?: string;
}

export interface KeptInsight extends Finding {
  /** UUID: the same for as long as it is asked about that version. */
  readonly id: string;
  /** Since when it has its status. */
  readonly since: number;
}

/** `insights/<cluster>` */
export const insights: Collection<InsightsRecord, 'cluster'> = {
  service: 'eks',
  noun: 'insights',
  indexes: { cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName) },
};

export const insightsKey = ({ accountId, region }: Scope, clusterName: string): RecordKey =>
  recordKey(insights, accountId, region, clusterName);
