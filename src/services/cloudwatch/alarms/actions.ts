import { Constraints } from '../../constraints.ts';
import type { Scope } from '../arn.ts';
import { unsupported, validationError } from '../errors.ts';
import type { AlarmActions, AlarmRecord, StateValue } from '../records.ts';

const maxActions = 5;

interface Asked {
  readonly OKActions?: readonly string[] | undefined;
  readonly AlarmActions?: readonly string[] | undefined;
  readonly InsufficientDataActions?: readonly string[] | undefined;
}

/**
 * The actions that a request gives an alarm: scaling policies of ECS services, whether or not there are such.
 * @throws InvalidParameterValueException for all others.
 */
export function readActions(scope: Scope, asked: Asked): AlarmActions {
  const { OKActions = [], AlarmActions = [], InsufficientDataActions = [] } = asked;
  new Constraints(validationError)
    .list('oKActions', OKActions, { max: maxActions })
    .list('alarmActions', AlarmActions, { max: maxActions })
    .list('insufficientDataActions', InsufficientDataActions, { max: maxActions })
    .throwIfViolated();
  const policies = `arn:aws:autoscaling:${scope.region}:${scope.accountId}:scalingPolicy:`;
  for (const arn of [...AlarmActions, ...OKActions, ...InsufficientDataActions]) {
    if (arn.startsWith(policies) && policyPath.test(arn.slice(policies.length))) continue;
    throw unsupported(
      `The alarm action ${arn.slice(0, 200)} (an alarm's actions are scaling policies of ECS services in its own account ` +
        "and Region; a rule of EventBridge sees every change of an alarm's state) is",
    );
  }
  return { ok: OKActions, alarm: AlarmActions, insufficientData: InsufficientDataActions };
}

const policyPath = /^[0-9a-f-]{36}:resource\/ecs\/service\/[\w-]+\/[\w-]+:policyName\/.+$/u;

/** @throws ValidationException It belongs to a scaling policy. */
export function refuseOwned({ name, owner }: Pick<AlarmRecord, 'name' | 'owner'>): void {
  if (owner === undefined) return;
  throw validationError(
    `The alarm ${name} belongs to the scaling policy ${owner}: change or delete the policy.`,
  );
}

const none: AlarmActions = { ok: [], alarm: [], insufficientData: [] };

export const actionsOf = ({ actions = none }: Pick<AlarmRecord, 'actions'>): AlarmActions => actions;

export const allActions = (alarm: Pick<AlarmRecord, 'actions'>): readonly string[] => {
  const { ok, alarm: onAlarm, insufficientData } = actionsOf(alarm);
  return [...new Set([...onAlarm, ...ok, ...insufficientData])];
};

/** What an alarm calls in a state. */
export function actionsIn(
  alarm: Pick<AlarmRecord, 'actions' | 'actionsEnabled'>,
  state: StateValue,
): readonly string[] {
  if (!alarm.actionsEnabled) return [];
  const actions = actionsOf(alarm);
  return { OK: actions.ok, ALARM: actions.alarm, INSUFFICIENT_DATA: actions.insufficientData }[state];
}
