import type { Reader } from '../../../reconcile/index.ts';
import { addonsOf } from '../addons/record.ts';
import { addonArn, type Scope } from '../arn.ts';
import { clusterIssues } from '../clusters/cluster-issues.ts';
import { rollbackVersion } from '../clusters/rollback.ts';
import { isServed, nextMinor } from '../clusters/versions.ts';
import type { EksContext } from '../context.ts';
import { nodeInstances } from '../nodes/record.ts';
import { type ClusterRecord, clusterText } from '../records.ts';
import { type CheckedCluster, findings, type Target } from './checks.ts';
import type { Finding } from './record.ts';

type Looking = Pick<EksContext, 'clock' | 'whyNotAssumed'>;

/** Everything there is to say of a cluster now: of its next version, and of the one that it could go back to. */
export function lookInto(
  context: Looking,
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
): readonly Finding[] {
  const checked = checkedCluster(context, reader, scope, cluster);
  const next = nextMinor(cluster.version);
  const back = rollbackVersion(cluster, context.clock.now());
  const targets: readonly Target[] = [
    { category: 'UPGRADE_READINESS', version: next, isServed: isServed(next) },
    ...(back === undefined
      ? []
      : [{ category: 'ROLLBACK_READINESS' as const, version: back, isServed: true }]),
  ];
  return targets.flatMap((target) => findings(checked, target));
}

function checkedCluster(
  context: Looking,
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
): CheckedCluster {
  const { name, version } = cluster;
  return {
    version,
    nodes: reader
      .byIndex(nodeInstances, 'cluster', clusterText(scope, name))
      .filter(({ value: { isEnding, launched } }) => !isEnding && launched !== undefined)
      .map(({ value }) => ({ name: value.launched?.privateDnsName ?? '', version: value.version })),
    addons: addonsOf(reader, scope, name).map((addon) => ({
      ...{ name: addon.name, version: addon.version, arn: addonArn(scope, addon) },
    })),
    issues: clusterIssues(context, reader, scope, cluster).map(({ message = '' }) => message),
  };
}
