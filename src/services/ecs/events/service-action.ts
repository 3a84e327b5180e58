/** What EventBridge calls the messages of a service ("Amazon ECS service action events"). */
export interface ServiceAction {
  readonly eventType: 'INFO' | 'WARN' | 'ERROR';
  readonly eventName: string;
  readonly reason?: string;
}

const actions: readonly (readonly [pattern: RegExp, type: ServiceAction['eventType'], name: string])[] = [
  [/^has reached a steady state\.$/, 'INFO', 'SERVICE_STEADY_STATE'],
  [/^is not AZ balanced /, 'INFO', 'SERVICE_REBALANCING_STARTED'],
  [/^is AZ balanced /, 'INFO', 'SERVICE_REBALANCING_COMPLETED'],
  [/^stopped AZ Rebalancing\.$/, 'INFO', 'SERVICE_REBALANCING_STOPPED'],
  [/^has started \d+ tasks/, 'INFO', 'TASKS_STARTED'],
  [/^has stopped \d+ running tasks/, 'INFO', 'TASKS_STOPPED'],
  [/^stopped \d+ pending tasks/, 'INFO', 'TASKS_STOPPED'],
  [/^updated desiredCount to \d+\.$/, 'INFO', 'SERVICE_DESIRED_COUNT_UPDATED'],
  [/was unable to scale in\. /, 'INFO', 'TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION'],
  [/^is unable to consistently start tasks/, 'WARN', 'SERVICE_TASK_START_IMPAIRED'],
  [/^was unable to place a task/, 'ERROR', 'SERVICE_TASK_PLACEMENT_FAILURE'],
  [/^failed to launch a task with/, 'ERROR', 'SERVICE_TASK_CONFIGURATION_FAILURE'],
];

const failedHealthChecks = /^\(task \w+\) failed container health checks\.$/;

/** Reasons as EventBridge abbreviates what the message says at length. */
const placementReasons: readonly (readonly [words: RegExp, reason: string])[] = [
  [/insufficient CPU units/, 'RESOURCE:CPU'],
  [/insufficient memory/, 'RESOURCE:MEMORY'],
  [/using a port required/, 'RESOURCE:PORTS'],
  [/missing an attribute/, 'ATTRIBUTE'],
  [/encountered error "([^"]+)"/, '$1'],
  [/Capacity is unavailable/, 'RESOURCE:FARGATE'],
  [/Reason: (.+?)\. For more information/, '$1'],
];

/**
 * Undefined for messages that are no event: they are for people.
 * @param message With its prefix `(service NAME) `.
 * @param isDiscovered Whether the service's tasks are in a registry.
 */
export function serviceActionOf(message: string, isDiscovered: boolean): ServiceAction | undefined {
  const words = message.replace(/^\(service [^)]*\) /, '');
  if (isDiscovered && failedHealthChecks.test(words))
    return { eventType: 'WARN', eventName: 'SERVICE_DISCOVERY_INSTANCE_UNHEALTHY' };
  const action = actions.find(([pattern]) => pattern.test(words));
  if (action === undefined) return undefined;
  const [, eventType, eventName] = action;
  if (eventName === 'SERVICE_TASK_CONFIGURATION_FAILURE') {
    const [, reason] = /\(error (.+)\)\.$/.exec(words) ?? [];
    return { eventType, eventName, ...(reason === undefined ? {} : { reason }) };
  }
  if (eventName !== 'SERVICE_TASK_PLACEMENT_FAILURE') return { eventType, eventName };
  for (const [pattern, reason] of placementReasons) {
    const found = pattern.exec(words);
    if (found !== null) return { eventType, eventName, reason: reason.replace('$1', found[1] ?? '') };
  }
  return { eventType, eventName };
}
