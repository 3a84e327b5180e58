import type { ClusterRecord } from '../records.ts';

/** For so long a cluster can go back to the version that it had (EKS user guide, "Roll back a cluster version"). */
const rollbackWindowMs = 7 * 24 * 60 * 60 * 1_000;

/** The version that a cluster can go back to; undefined: to none. */
export const rollbackVersion = (
  { upgradedFrom }: Pick<ClusterRecord, 'upgradedFrom'>,
  now: number,
): string | undefined =>
  upgradedFrom !== undefined && now - upgradedFrom.at < rollbackWindowMs ? upgradedFrom.version : undefined;
