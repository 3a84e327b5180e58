import { type Reader, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { type ServiceLoadBalancerRecord, type ServiceRecord, services } from '../records.ts';

/**
 * Two services that shifted traffic by one rule, or between groups with the other's tasks in them, would undo each
 * other's deployments. Services that are rolled out may share a target group, as on AWS.
 * @throws InvalidParameterException an ACTIVE service has a part of what this one's traffic is shifted by, or would be in a group
 *   that another one's traffic is shifted to.
 */
export function requireOwnRoutes(
  reader: Reader,
  scope: Scope,
  { cluster, name, loadBalancers }: Pick<ServiceRecord, 'cluster' | 'name' | 'loadBalancers'>,
): void {
  if (loadBalancers === undefined) return;
  const mine = partsOf(loadBalancers);
  for (const { value: other } of reader.list(services, recordKey(services, scope.accountId, scope.region))) {
    const isSame = other.cluster === cluster && other.name === name;
    if (isSame || other.status !== 'ACTIVE' || other.loadBalancers === undefined) continue;
    const theirs = partsOf(other.loadBalancers);
    const shared =
      mine.shifted.find((arn) => theirs.all.includes(arn)) ??
      mine.all.find((arn) => theirs.shifted.includes(arn));
    if (shared !== undefined)
      throw invalidParameter(
        `${shared} is used by the service ${other.name} of the cluster ${other.cluster}. Target groups and listener ` +
          'rules that traffic is shifted by can be used by one service only.',
      );
  }
}

/** ARNs of target groups and rules. */
function partsOf(balancers: readonly ServiceLoadBalancerRecord[]) {
  const shifted = balancers.flatMap(({ targetGroupArn, advancedConfiguration: advanced }) =>
    advanced === undefined
      ? []
      : [
          ...[targetGroupArn, advanced.alternateTargetGroupArn, advanced.productionListenerRule],
          ...(advanced.testListenerRule === undefined ? [] : [advanced.testListenerRule]),
        ],
  );
  return { shifted, all: [...shifted, ...balancers.map(({ targetGroupArn }) => targetGroupArn)] };
}
