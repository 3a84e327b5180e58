import type { DeploymentLifecycleHookDetail } from '@aws-sdk/client-ecs';
import { given } from '../given.ts';
import type { HookRecord, LifecycleHookRecord, LifecycleStage } from '../records.ts';

/** The hooks of a stage: a deployment stays in it until all of them have let it go on. */

export type HookAnswer = 'CONTINUE' | 'ROLLBACK';

/** By the hooks' ids. */
export type HookAnswers = Readonly<Record<string, HookAnswer>>;

/** Those that wait from the beginning of a stage. @param newId A text that nothing else is named by. */
export function hooksOf(
  configured: readonly LifecycleHookRecord[],
  stage: LifecycleStage,
  { now, newId }: { readonly now: number; readonly newId: () => string },
): readonly HookRecord[] {
  return configured
    .filter(({ lifecycleStages }) => lifecycleStages.some((each) => each === stage))
    .map((hook) => {
      const { timeoutInMinutes, action } = hook.timeoutConfiguration;
      const times = { expiresAt: now + timeoutInMinutes * 60_000, timeoutAction: action };
      const executionId = newId();
      const suffix = executionId.replaceAll('-', '');
      if (hook.targetType === 'PAUSE') {
        const { targetType } = hook;
        return { id: `ecs-pause-${suffix}`, targetType, status: 'AWAITING_ACTION', ...times };
      }
      const { targetType, hookTargetArn: functionArn, roleArn, hookDetails } = hook;
      return {
        ...{ id: `ecs-lambda-${suffix}`, targetType, status: 'IN_PROGRESS', ...times },
        ...{ executionId, functionArn, roleArn, ...given('details', hookDetails) },
      };
    });
}

export const isPending = ({ status }: HookRecord): boolean =>
  status === 'AWAITING_ACTION' || status === 'IN_PROGRESS';

/** A hook after somebody or its function has answered, or its time is over; the same when neither. */
export function settled(hook: HookRecord, answers: HookAnswers, now: number): HookRecord {
  if (!isPending(hook)) return hook;
  const answer = answers[hook.id];
  if (answer !== undefined) return { ...hook, status: answer === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED' };
  return now >= hook.expiresAt ? { ...hook, status: 'TIMED_OUT' } : hook;
}

const goesOn = ({ status, timeoutAction }: HookRecord): boolean =>
  status === 'SUCCEEDED' || (status === 'TIMED_OUT' && timeoutAction === 'CONTINUE');

/** On the way back nothing that a hook says keeps traffic where it should not be. */
export const areDone = (hooks: readonly HookRecord[], isRollback: boolean): boolean =>
  hooks.every((hook) => (isRollback ? !isPending(hook) : goesOn(hook)));

/** Why the stage has failed, in AWS's words; undefined: it hasn't. */
export function hookFailure(
  stage: LifecycleStage | undefined,
  hooks: readonly HookRecord[],
): string | undefined {
  if (hooks.some(({ status }) => status === 'FAILED')) return `${stage} lifecycle hook(s) failed.`;
  const late = hooks.find((hook) => hook.status === 'TIMED_OUT' && !goesOn(hook));
  if (late === undefined) return undefined;
  return `${stage} ${late.targetType === 'PAUSE' ? 'pause' : 'lifecycle'} hook timed out.`;
}

export function hookView(hook: HookRecord): DeploymentLifecycleHookDetail {
  const { id, targetType, status, expiresAt, timeoutAction } = hook;
  return {
    ...{ hookId: id, targetType, status, expiresAt: new Date(expiresAt), timeoutAction },
    ...(hook.targetType === 'AWS_LAMBDA' && { targetArn: hook.functionArn }),
  };
}
