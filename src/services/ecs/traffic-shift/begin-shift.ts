import { given } from '../given.ts';
import type {
  DeploymentConfigurationRecord,
  DeploymentRecord,
  LifecycleRecord,
  ServiceLoadBalancerRecord,
  ServiceRecord,
} from '../records.ts';

/** The target groups that a rule sends traffic to. */
export type Serving = (ruleArn: string) => readonly string[];

/**
 * The service, whose deployment has just begun, with what that one is to know of its traffic: in which of their two groups
 * its tasks are, and the stages before it if it is not rolled out. Deployments take turns in the groups: the new one
 * gets those that the one before it is not in, or that serve nothing yet.
 */
export function withTrafficShift(service: ServiceRecord, now: number, serving: Serving): ServiceRecord {
  const [primary, ...older] = service.deployments;
  if (primary === undefined) return service;
  const source = sourceOf(service, older);
  const { deploymentConfiguration: configuration } = service;
  const isShifted = configuration.strategy !== 'ROLLING';
  const groups = (primary.loadBalancers ?? []).map((balancer) => {
    const before = groupOf(balancer, source ?? service.lastCompleted);
    return { before, own: nextGroup(balancer, before, isShifted, serving) };
  });
  const isTurned = (primary.loadBalancers ?? []).some(({ advancedConfiguration }) => advancedConfiguration);
  const hasSharedRules = groups.every(({ before }) => before !== undefined);
  const lastCompleted = backFrom(service, older, source);
  return {
    ...service,
    ...(isShifted && given('lastCompleted', lastCompleted)),
    deployments: [
      {
        ...primary,
        ...(isTurned && { targetGroupArns: groups.map(({ own }) => own) }),
        ...(isShifted && { lifecycle: newLifecycle(configuration, source, hasSharedRules, now) }),
      },
      ...older,
    ],
  };
}

/** Whether one of the service's deployments stays though it has no tasks at the moment: traffic that is to be shifted goes there. */
export function staysForTraffic(service: ServiceRecord): (deploymentId: string) => boolean {
  const isShifted = service.deploymentConfiguration.strategy !== 'ROLLING' && service.desiredCount > 0;
  const source = isShifted ? sourceOf(service, service.deployments) : undefined;
  return (deploymentId) => deploymentId === source?.id;
}

/** What a deployment that fails goes back to. */
function backFrom(
  { lastCompleted }: ServiceRecord,
  older: readonly DeploymentRecord[],
  source: DeploymentRecord | undefined,
): DeploymentRecord | undefined {
  // What traffic was on its way back to is still there to come back to.
  if (lastCompleted === undefined) return source?.lifecycle?.isRollback ? source : undefined;
  // So is what has replaced the one that completed last, as far as that it is gone.
  return older.some(({ id }) => id === lastCompleted.id) ? lastCompleted : (source ?? lastCompleted);
}

/** Which of the older deployments has the production traffic. */
function sourceOf(
  { lastCompleted }: ServiceRecord,
  older: readonly DeploymentRecord[],
): DeploymentRecord | undefined {
  return (
    older.find(({ id }) => id === lastCompleted?.id) ??
    older.find(({ lifecycle }) => lifecycle?.isRollback) ??
    older.find(({ lifecycle }) => lifecycle?.traffic.production === 100) ??
    older.find(({ lifecycle }) => lifecycle === undefined)
  );
}

/** The one of a load balancer's two groups that a deployment's tasks are in; undefined: they are in neither. */
function groupOf(
  { targetGroupArn, advancedConfiguration }: ServiceLoadBalancerRecord,
  deployment: DeploymentRecord | undefined,
): string | undefined {
  const pair = [targetGroupArn, advancedConfiguration?.alternateTargetGroupArn];
  return (deployment?.loadBalancers ?? [])
    .map((balancer, place) => deployment?.targetGroupArns?.[place] ?? balancer.targetGroupArn)
    .find((arn) => pair.includes(arn));
}

function nextGroup(
  { targetGroupArn, advancedConfiguration }: ServiceLoadBalancerRecord,
  before: string | undefined,
  isShifted: boolean,
  serving: Serving,
): string {
  if (advancedConfiguration === undefined) return targetGroupArn;
  const { alternateTargetGroupArn, productionListenerRule } = advancedConfiguration;
  const served = before ?? serving(productionListenerRule).find((arn) => arn === alternateTargetGroupArn);
  const isAlternateServed = served === alternateTargetGroupArn;
  return isAlternateServed === isShifted ? targetGroupArn : alternateTargetGroupArn;
}

function newLifecycle(
  configuration: DeploymentConfigurationRecord,
  source: DeploymentRecord | undefined,
  hasSharedRules: boolean,
  now: number,
): LifecycleRecord {
  const { steps, stepBakeMs } = stepsOf(configuration);
  return {
    enteredAt: now,
    ...given('sourceId', source?.id),
    isRollback: false,
    // Where nobody serves yet there is nothing to share the traffic with.
    steps: source === undefined || !hasSharedRules ? [100] : steps,
    stepsTaken: 0,
    stepBakeMs,
    traffic: { production: 0 },
    hooks: [],
  };
}

const minuteMs = 60_000;

function stepsOf({
  linearConfiguration: linear,
  canaryConfiguration: canary,
}: DeploymentConfigurationRecord): Pick<LifecycleRecord, 'steps' | 'stepBakeMs'> {
  if (canary !== undefined) {
    const { canaryPercent, canaryBakeTimeInMinutes } = canary;
    return {
      steps: [...(canaryPercent < 100 ? [canaryPercent] : []), 100],
      stepBakeMs: canaryBakeTimeInMinutes * minuteMs,
    };
  }
  if (linear === undefined) return { steps: [100], stepBakeMs: 0 };
  // In tenths, which add up exactly.
  const tenths = Math.round(linear.stepPercent * 10);
  const count = Math.ceil(1_000 / tenths);
  return {
    steps: Array.from({ length: count }, (_, place) => Math.min(1_000, tenths * (place + 1)) / 10),
    stepBakeMs: linear.stepBakeTimeInMinutes * minuteMs,
  };
}

/** The lifecycle of a deployment that another one's traffic comes back to. */
export function wayBack(failed: DeploymentRecord, now: number): LifecycleRecord | undefined {
  const { id, lifecycle } = failed;
  if (lifecycle === undefined || lifecycle.isRollback) return undefined;
  const { production, test } = lifecycle.traffic;
  return {
    ...{ enteredAt: now, sourceId: id, isRollback: true, steps: [100], stepsTaken: 0, stepBakeMs: 0 },
    traffic: { production: 100 - production, ...(test !== undefined && { test: 100 - test }) },
    hooks: [],
  };
}
