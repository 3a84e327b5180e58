import type { DeploymentRecord, ServiceRecord, TaskRecord } from '../../src/services/ecs/records.ts';
import { fail } from './broken-rule.ts';
import type { Changed, RecordChanges, Records } from './records.ts';

/** What must hold while traffic is shifted from one deployment of a service to the next. */
export function checkShifts(records: Records, changes: RecordChanges): void {
  for (const { after } of changes.listeners)
    for (const { arn, action } of after?.rules ?? []) {
      const weights = action.type === 'forward' ? action.targetGroups.map(({ weight }) => weight) : [];
      const sum = weights.reduce((all, weight) => all + weight, 0);
      // 1: before anybody has shifted it.
      if (![1, 100, 1_000].includes(sum))
        fail('the shares of traffic are all of it', `${arn} has the weights ${weights.join(' ')}`);
    }
  for (const change of changes.services) checkService(records, change);
  if (changes.listeners.length > 0)
    for (const [key, service] of records.services) checkShare(records, key, service);
}

function checkService(records: Records, { key, before, after }: Changed<ServiceRecord>): void {
  if (after === undefined) return;
  checkShare(records, key, after);
  const now = primaryOf(after);
  const then = before?.deployments.find(({ id }) => id === now?.id);
  const stages = [then?.lifecycle?.stage, now?.lifecycle?.stage].join(' ');
  if (now?.lifecycle === undefined || then?.lifecycle === undefined || stages !== 'BAKE_TIME CLEAN_UP')
    return;
  const bakedMs = now.lifecycle.enteredAt - then.lifecycle.enteredAt;
  const { bakeTimeInMinutes } = after.deploymentConfiguration;
  if (bakedMs < bakeTimeInMinutes * 60_000)
    fail('the older tasks stay for the bake time', `${key} had ${bakedMs} ms of ${bakeTimeInMinutes} min`);
}

/** No kill comes between what a deployment says of its traffic and what the rules do. */
function checkShare(records: Records, key: string, service: ServiceRecord): void {
  const primary = primaryOf(service);
  const { lifecycle, loadBalancers: [balancer] = [] } = primary ?? {};
  const hasShifted = lifecycle && (lifecycle.isRollback ? lifecycle.stage : lifecycle.stepsTaken > 0);
  const isUnderWay = service.status === 'ACTIVE' && primary?.rolloutState === 'IN_PROGRESS';
  if (!hasShifted || !isUnderWay || balancer?.advancedConfiguration === undefined) return;
  const arn = balancer.advancedConfiguration.productionListenerRule;
  const seen = shareOf(records, arn, groupOf(primary));
  const { production } = lifecycle.traffic;
  if (seen !== production)
    fail('rules do what the stage says', `${key} says ${production}, and ${arn} sends ${seen} percent`);
}

/** One of its deployments takes over from another. */
export function isShifting(service: ServiceRecord): boolean {
  const { lifecycle, rolloutState } = primaryOf(service) ?? {};
  return lifecycle !== undefined && rolloutState === 'IN_PROGRESS';
}

/** @param stopped By the scheduler, in this commit; healthy before it. @param healthy Those that are left. */
export function checkServed(
  records: Records,
  key: string,
  service: ServiceRecord,
  stopped: readonly TaskRecord[],
  healthy: readonly TaskRecord[],
): void {
  const primary = primaryOf(service);
  if (primary?.lifecycle === undefined || !isShifting(service)) return;
  const { minimumHealthyPercent } = service.deploymentConfiguration;
  const min = Math.ceil((service.desiredCount * minimumHealthyPercent) / 100);
  const isIn = (deployment: DeploymentRecord) => (task: TaskRecord) =>
    task.service?.deploymentId === deployment.id;
  for (const deployment of service.deployments) {
    if (!stopped.some(isIn(deployment))) continue;
    const left = healthy.filter(isIn(deployment)).length;
    const isLosing = left < min && left < service.desiredCount;
    if (!isLosing) continue;
    const arn = deployment.loadBalancers?.[0]?.advancedConfiguration?.productionListenerRule;
    const others = healthy.filter((task) => groupOfTask(task) === groupOf(deployment)).length - left;
    if (arn !== undefined && shareOf(records, arn, groupOf(deployment)) > 0 && left + others < min)
      fail(
        'where production traffic goes tasks stay',
        `${deployment.id} of ${key} is left with ${left} healthy tasks of ${min}`,
      );
    const isOlder = deployment.id === primary.lifecycle.sourceId && !primary.lifecycle.isRollback;
    if (isOlder && primary.lifecycle.stage !== 'CLEAN_UP')
      fail(
        'the older tasks stay for the bake time',
        `${deployment.id} of ${key} is left with ${left} of ${min} in ${primary.lifecycle.stage}`,
      );
  }
}

/** What is wrong with where a service's traffic goes when everything is at rest. */
export function* traffic(records: Records, service: ServiceRecord): Generator<string> {
  const primary = primaryOf(service);
  const arn = primary?.loadBalancers?.[0]?.advancedConfiguration?.productionListenerRule;
  if (arn === undefined || primary?.rolloutState !== 'COMPLETED') return;
  const share = shareOf(records, arn, groupOf(primary));
  if (share !== 100) yield `${service.name} gets ${share} percent of its production traffic`;
}

const primaryOf = ({ deployments }: ServiceRecord): DeploymentRecord | undefined =>
  deployments.find(({ status }) => status === 'PRIMARY');

const groupOf = ({ targetGroupArns: [arn] = [] }: DeploymentRecord): string | undefined => arn;

const groupOfTask = ({ activation }: TaskRecord): string | undefined =>
  activation?.loadBalancers?.[0]?.targetGroupArn;

/** In percent. */
function shareOf(records: Records, ruleArn: string, groupArn: string | undefined): number {
  for (const { rules } of records.listeners.values()) {
    const action = rules.find(({ arn }) => arn === ruleArn)?.action;
    if (action?.type !== 'forward') continue;
    const sum = action.targetGroups.reduce((all, { weight }) => all + weight, 0);
    const own = action.targetGroups.find(({ arn }) => arn === groupArn)?.weight ?? 0;
    return (own * 100) / sum;
  }
  return 0;
}
