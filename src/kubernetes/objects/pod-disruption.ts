import { timestamp } from './object.ts';

/** Why a pod is disrupted. */
export interface Disruption {
  readonly reason: string;
  readonly message: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A pod's conditions, with that which says why it is about to be deleted: it is not the pod's fault. */
export function disruptedConditions<Present extends Condition>(
  conditions: readonly Present[],
  { reason, message }: Disruption,
  now: number,
): readonly (Condition | Present)[] {
  const said = conditions.find(({ type }) => type === 'DisruptionTarget');
  if (said?.status === 'True' && said.reason === reason && said.message === message) return conditions;
  const { lastTransitionTime = timestamp(now) } = said?.status === 'True' ? said : {};
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime };
  return [...conditions.filter(({ type }) => type !== 'DisruptionTarget'), condition];
}
