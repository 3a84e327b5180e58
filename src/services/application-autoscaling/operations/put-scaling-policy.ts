import { isDeepStrictEqual } from 'node:util';
import type {
  PutScalingPolicyCommandInput,
  PutScalingPolicyResponse,
} from '@aws-sdk/client-application-auto-scaling';
import { roomForAlarms } from '../../cloudwatch/index.ts';
import type { Call } from '../../service.ts';
import { newId, policyArn, type TargetName } from '../arn.ts';
import { type AutoScalingContext, requireTarget } from '../context.ts';
import { limitExceeded, unsupported, validation } from '../errors.ts';
import { constraints, nameConstraint, readTarget } from '../input.ts';
import {
  policies,
  policyKey,
  prefixOf,
  type ScalingPolicyRecord,
  type TargetTrackingRecord,
} from '../records.ts';
import {
  deleteTrackingAlarms,
  putTrackingAlarms,
  requireWatched,
  trackingAlarmNames,
} from '../target-tracking.ts';
import { readStepScaling, readTargetTracking, type Tracking } from './policy-input.ts';
import { policyAlarms } from './scaling-policy.ts';

/** Of a target ("Quotas for Application Auto Scaling"). */
const maxPolicies = 50;

/** Makes a policy, or configures the one of this name wholly anew. */
export async function putScalingPolicy(
  { state, random }: AutoScalingContext,
  input: PutScalingPolicyCommandInput,
  call: Call,
): Promise<PutScalingPolicyResponse> {
  const { PolicyName = '', PolicyType = 'StepScaling' } = input;
  const checked = constraints()
    .text('policyName', input.PolicyName, nameConstraint)
    .text('policyType', PolicyType, { oneOf: ['StepScaling', 'TargetTrackingScaling', 'PredictiveScaling'] });
  const target = readTarget(input, checked);
  if (PolicyType === 'PredictiveScaling') throw unsupported('Predictive scaling policies are');
  const asked = PolicyType === 'StepScaling' ? readStepScaling(input) : readTargetTracking(input);
  const record = await state.transact((tx) => {
    requireTarget(tx, call, target);
    const key = policyKey(call, target, PolicyName);
    const before = tx.get(policies, key);
    const others = [...tx.list(policies, prefixOf(policies, call, target))].flatMap(({ value }) =>
      value.name === PolicyName ? [] : [value],
    );
    if (before === undefined && others.length >= maxPolicies)
      throw limitExceeded(`A scalable target can have at most ${maxPolicies} scaling policies.`);
    if (before !== undefined && before.policy.type !== asked.type)
      throw validation(`The type of the scaling policy ${PolicyName} can not be changed`);
    if (asked.type === 'TargetTrackingScaling') {
      requireWatched(tx, call, asked);
      refuseSameMetric(asked, others);
      if (before === undefined && roomForAlarms(tx, call) < 2)
        throw limitExceeded('There can be no more CloudWatch alarms.');
    }
    const policy =
      asked.type === 'StepScaling' ? asked : withAlarms(asked, before, target, () => newId(random));
    const after: ScalingPolicyRecord = {
      ...(before ?? { ...target, id: newId(random), name: PolicyName, createdAt: call.now }),
      policy,
    };
    tx.put(policies, key, after);
    if (before?.policy.type === 'TargetTrackingScaling')
      deleteTrackingAlarms(tx, call, before.policy, policy);
    if (policy.type === 'TargetTrackingScaling') putTrackingAlarms(tx, call, after, policy, call.now);
    return after;
  });
  return { PolicyARN: policyArn(call, record, record), Alarms: policyAlarms(state, call, record) };
}

/** @throws ValidationException Two policies that track one metric would work against each other. */
function refuseSameMetric({ metric }: Tracking, others: readonly ScalingPolicyRecord[]): void {
  const isSame = ({ policy }: ScalingPolicyRecord): boolean =>
    policy.type === 'TargetTrackingScaling' && isDeepStrictEqual(policy.metric, metric);
  if (others.some(isSame))
    throw validation('Only one TargetTrackingScaling policy for a given metric specification is allowed.');
}

/** Alarms keep their names as long as there is a policy that they belong to. */
function withAlarms(
  tracking: Tracking,
  before: ScalingPolicyRecord | undefined,
  target: TargetName,
  newAlarmId: () => string,
): TargetTrackingRecord {
  const known = before?.policy.type === 'TargetTrackingScaling' ? before.policy.alarms : undefined;
  const { high, low } = { ...trackingAlarmNames(target, newAlarmId), ...known };
  return { ...tracking, alarms: tracking.disableScaleIn === true ? { high } : { high, low } };
}
