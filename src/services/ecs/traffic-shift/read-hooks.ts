import type { DeploymentLifecycleHook } from '@aws-sdk/client-ecs';
import type { Json } from '../../../store/index.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import type { FunctionHookRecord } from '../records/deployment.ts';
import type { LifecycleHookRecord, LifecycleStage } from '../records.ts';
import { functionOf } from './function-arn.ts';

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

/**
 * @param canCall Functions can be called here.
 * @throws InvalidParameterException; UnsupportedFeatureException: hooks that call functions where none can be called.
 */
export function readHooks(
  asked: readonly DeploymentLifecycleHook[],
  canCall: boolean,
): readonly LifecycleHookRecord[] {
  if (asked.length > maxHooks) throw invalidParameter(`lifecycleHooks can have at most ${maxHooks} items.`);
  return asked.map((hook) => readHook(hook, canCall));
}

function readHook(hook: DeploymentLifecycleHook, canCall: boolean): LifecycleHookRecord {
  const { targetType = 'AWS_LAMBDA', lifecycleStages = [], timeoutConfiguration = {} } = hook;
  if (targetType !== 'PAUSE' && targetType !== 'AWS_LAMBDA')
    throw invalidParameter('Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE');
  if (targetType === 'AWS_LAMBDA' && !canCall)
    throw ecsRefusal(
      'UnsupportedFeatureException',
      'A lifecycle hook (lifecycleHooks) with the targetType AWS_LAMBDA needs an endpoint that runs functions: start Catamaran with up --lambda-endpoint URL.',
    );
  const stages = lifecycleStages.map((stage) => {
    const known = hookStages.find((each) => each === stage);
    if (known === undefined) throw invalidParameter(`lifecycleStages should be of [${hookStages}].`);
    if (targetType === 'PAUSE' && withoutPause.includes(known))
      throw invalidParameter('Invalid lifecycle stage provided for Pause Hook');
    return known;
  });
  if (stages.length === 0) throw invalidParameter('lifecycleStages can not be empty.');
  const { timeoutInMinutes = defaultMinutes, action = 'ROLLBACK' } = timeoutConfiguration;
  if (!Number.isInteger(timeoutInMinutes) || timeoutInMinutes < 1 || timeoutInMinutes > maxPauseMinutes)
    throw invalidParameter(`timeoutInMinutes must be between 1 and ${maxPauseMinutes}.`);
  if (action !== 'CONTINUE' && action !== 'ROLLBACK')
    throw invalidParameter('action of timeoutConfiguration should be one of [CONTINUE,ROLLBACK].');
  return {
    ...readTarget(hook, targetType),
    lifecycleStages: [...new Set(stages)],
    timeoutConfiguration: { timeoutInMinutes, action },
  };
}

function readTarget(
  { hookTargetArn, roleArn, hookDetails }: DeploymentLifecycleHook,
  targetType: 'PAUSE' | 'AWS_LAMBDA',
):
  | { readonly targetType: 'PAUSE' }
  | Pick<FunctionHookRecord, 'targetType' | 'hookTargetArn' | 'roleArn' | 'hookDetails'> {
  if (targetType === 'PAUSE') {
    for (const [name, value] of Object.entries({ hookTargetArn, roleArn, hookDetails }))
      if (value !== undefined) throw invalidParameter(`${name} is not applicable for PAUSE hooks.`);
    return { targetType };
  }
  if (hookTargetArn === undefined || functionOf(hookTargetArn) === undefined)
    throw invalidParameter('hookTargetArn must be the ARN of a Lambda function.');
  if (roleArn === undefined || !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(roleArn))
    throw invalidParameter('roleArn must be the ARN of an IAM role.');
  return {
    ...{ targetType, hookTargetArn, roleArn },
    ...given('hookDetails', hookDetails as Json | undefined),
  };
}
