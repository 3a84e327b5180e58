/**
 * Elastic Load Balancing v2: load balancers, their listeners and rules, target groups and targets. The one idea to know:
 * nothing here carries traffic. Operations write records, `plans/` makes of them what a load balancer does as plain data
 * (`src/balancing`), the data plane of a machine makes it so and reports what it sees of targets and carries (`metrics/`).
 *
 * Whether a request passes that a rule authenticates is decided here, too, for every data plane (`authentication/`).
 *
 * Refused by name: gateway load balancers, targets that are functions or load balancers, IPv6, mutual TLS, actions and
 * logs that need another service (`refused.ts`).
 */
import type { Reader, Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { ElbContext } from './context.ts';
import { listeners, loadBalancers, scopeOfKey } from './records.ts';

export { AccessLogs } from './access-logs/access-logs.ts';
export { BucketFolders } from './access-logs/bucket-folders.ts';
export { authenticationPublicKey } from './authentication/keys.ts';
export { ruleGuard } from './authentication/rule-guard.ts';
export type { ElbContext } from './context.ts';
export {
  deregisterInstanceTargets,
  deregisterServiceTarget,
  findServiceTargetGroup,
  hasHealthyTarget,
  registerServiceTarget,
  type ServiceTarget,
  type ServiceTargetHealth,
  serviceTargetHealth,
  type TargetGroup,
  type TargetRegistration,
  type WatchedTarget,
  watchingTargets,
} from './for-services/target-groups.ts';
export {
  findTrafficRule,
  shiftObstacle,
  shiftTraffic,
  type TrafficRule,
} from './for-services/traffic-rules.ts';

export {
  type BalancerTotals,
  balancerTotals,
  type GroupHosts,
  groupHosts,
} from './metrics/totals.ts';
export { type TrafficSink, trafficSink } from './metrics/traffic-sink.ts';
export { balancerCollections, balancerNameOf, balancerNames } from './plans/balancer-names.ts';
export { type PlanSource, planSource } from './plans/plan-source.ts';
export { type ReportSink, reportSink } from './plans/reports.ts';

/** What keeps AWSServiceRoleForElasticLoadBalancing from being deleted: an account's load balancers, by region. */
export function linkedLoadBalancers(
  reader: Reader,
  accountId: string,
): readonly { readonly region: string; readonly resources: readonly string[] }[] {
  const own = [...reader.list(loadBalancers)].filter(({ key }) => scopeOfKey(key).accountId === accountId);
  return [...Map.groupBy(own, ({ key }) => scopeOfKey(key).region)].map(([region, found]) => ({
    ...{ region, resources: found.map(({ value }) => value.arn) },
  }));
}

/** ARNs of the load balancers whose listeners serve a certificate. */
export function certificateUsers(reader: Reader, certificateArn: string): readonly string[] {
  const users = reader.byIndex(listeners, 'certificate', certificateArn);
  return [...new Set(users.map(({ value }) => value.loadBalancerArn))];
}

export function createElb(context: ElbContext): Service {
  return {
    signingName: 'elasticloadbalancing',
    loadSdk: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
    loadOperations: async () => (await import('./operations.ts')).elbOperations(context),
  };
}

export async function loadElbReconcilers(
  context: Pick<ElbContext, 'state' | 'clock'>,
): Promise<readonly Reconciler[]> {
  return [(await import('./reconcilers/target-deregistration.ts')).targetDeregistration(context)];
}
