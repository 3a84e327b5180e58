import type { DeploymentLifecycleHook } from '@aws-sdk/client-ecs';
import { invalidParameter, unsupported } from '../errors.ts';
import type { LifecycleHookRecord, LifecycleStage } from '../records.ts';

/** The rules of `lifecycleHooks`, in AWS's words where they are known (developer guide, "Lifecycle hooks"). */

const hookStages = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
] as const satisfies readonly LifecycleStage[];

const withoutPause: readonly LifecycleStage[] = [
  'RECONCILE_SERVICE',
  'TEST_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
];

const maxHooks = 20;
const defaultMinutes = 1_440;
const maxPauseMinutes = 20_160;

/** @throws InvalidParameterException; UnsupportedFeatureException: hooks that call functions. */
export function readHooks(asked: readonly DeploymentLifecycleHook[]): readonly LifecycleHookRecord[] {
  if (asked.length > maxHooks) throw invalidParameter(`lifecycleHooks can have at most ${maxHooks} items.`);
  return asked.map(readHook);
}

function readHook(hook: DeploymentLifecycleHook): LifecycleHookRecord {
  const { targetType = 'AWS_LAMBDA', lifecycleStages = [], timeoutConfiguration = {} } = hook;
  if (targetType !== 'PAUSE' && targetType !== 'AWS_LAMBDA')
    throw invalidParameter('Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE');
  if (targetType === 'AWS_LAMBDA')
    throw unsupported('A lifecycle hook (lifecycleHooks) with the targetType AWS_LAMBDA');
  const stages = lifecycleStages.map((stage) => {
    const known = hookStages.find((each) => each === stage);
    if (known === undefined) throw invalidParameter(`lifecycleStages should be of [${hookStages}].`);
    if (withoutPause.includes(known))
      throw invalidParameter('Invalid lifecycle stage provided for Pause Hook');
    return known;
  });
  if (stages.length === 0) throw invalidParameter('lifecycleStages can not be empty.');
  const { hookTargetArn, roleArn, hookDetails } = hook;
  for (const [name, value] of Object.entries({ hookTargetArn, roleArn, hookDetails }))
    if (value !== undefined) throw invalidParameter(`${name} is not applicable for PAUSE hooks.`);
  const { timeoutInMinutes = defaultMinutes, action = 'ROLLBACK' } = timeoutConfiguration;
  if (!Number.isInteger(timeoutInMinutes) || timeoutInMinutes < 1 || timeoutInMinutes > maxPauseMinutes)
    throw invalidParameter(`timeoutInMinutes must be between 1 and ${maxPauseMinutes}.`);
  if (action !== 'CONTINUE' && action !== 'ROLLBACK')
    throw invalidParameter('action of timeoutConfiguration should be one of [CONTINUE,ROLLBACK].');
  return {
    ...{ targetType, lifecycleStages: [...new Set(stages)] },
    timeoutConfiguration: { timeoutInMinutes, action },
  };
}
