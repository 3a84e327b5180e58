import type { DeploymentLifecycleHookDetail } from '@aws-sdk/client-ecs';
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
    .map(({ targetType, timeoutConfiguration: { timeoutInMinutes, action } }) => ({
      ...{ id: `ecs-pause-${newId().replaceAll('-', '')}`, targetType, status: 'AWAITING_ACTION' },
      ...{ expiresAt: now + timeoutInMinutes * 60_000, timeoutAction: action },
    }));
}

/** A hook after somebody has answered, or its time is over; the same when neither. */
export function settled(hook: HookRecord, answers: HookAnswers, now: number): HookRecord {
  if (hook.status !== 'AWAITING_ACTION') return hook;
  const answer = answers[hook.id];
  if (answer !== undefined) return { ...hook, status: answer === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED' };
  return now >= hook.expiresAt ? { ...hook, status: 'TIMED_OUT' } : hook;
}

const goesOn = ({ status, timeoutAction }: HookRecord): boolean =>
  status === 'SUCCEEDED' || (status === 'TIMED_OUT' && timeoutAction === 'CONTINUE');

export const areDone = (hooks: readonly HookRecord[]): boolean => hooks.every(goesOn);

/** Why the stage has failed, in AWS's words; undefined: it hasn't. */
export function hookFailure(
  stage: LifecycleStage | undefined,
  hooks: readonly HookRecord[],
): string | undefined {
  if (hooks.some(({ status }) => status === 'FAILED')) return `${stage} lifecycle hook(s) failed.`;
  const isLate = hooks.some((hook) => hook.status === 'TIMED_OUT' && !goesOn(hook));
  return isLate ? `${stage} pause hook timed out.` : undefined;
}

export function hookView({
  id,
  targetType,
  status,
  expiresAt,
  timeoutAction,
}: HookRecord): DeploymentLifecycleHookDetail {
  return { hookId: id, targetType, status, expiresAt: new Date(expiresAt), timeoutAction };
}
