import { expect, test } from 'vitest';
import { eventMessages } from '../deployment/service-events.ts';
import { cannotAssume } from '../task-roles.ts';
import { serviceActionOf } from './service-action.ts';

const failure = (reason: string) => [
  { arn: 'arn:aws:ecs:us-east-1:1:container-instance/default/abc', reason },
];
const zones = new Map([['us-east-1a', 2]]);

/** Every message that a service can give is here, so that a new one is decided on. */
const named: Readonly<
  Record<keyof typeof eventMessages, readonly (readonly [message: string, name: string])[]>
> = {
  started: [[eventMessages.started(['1'], 0), 'INFO TASKS_STARTED']],
  stopped: [[eventMessages.stopped(['1', '2']), 'INFO TASKS_STOPPED']],
  stoppedPending: [[eventMessages.stoppedPending(['1', '2']), 'INFO TASKS_STOPPED']],
  registered: [[eventMessages.registered(1, 'arn'), '']],
  deregistered: [[eventMessages.deregistered(1, 'arn'), '']],
  drains: [[eventMessages.drains(1), '']],
  unhealthyTarget: [
    [
      eventMessages.unhealthyTarget('1', { targetGroupArn: 'arn', port: 80, reason: 'Request timed out' }),
      '',
    ],
  ],
  failedHealthChecks: [[eventMessages.failedHealthChecks('1'), '']],
  deploymentCompleted: [[eventMessages.deploymentCompleted('ecs-svc/1'), '']],
  deploymentFailed: [[eventMessages.deploymentFailed('ecs-svc/1', 'tasks failed to start.'), '']],
  rollingBack: [[eventMessages.rollingBack('ecs-svc/1'), '']],
  steady: [[eventMessages.steady, 'INFO SERVICE_STEADY_STATE']],
  cannotStart: [[eventMessages.cannotStart, 'WARN SERVICE_TASK_START_IMPAIRED']],
  deadlock: [[eventMessages.deadlock, '']],
  notZoneBalanced: [[eventMessages.notZoneBalanced(zones), 'INFO SERVICE_REBALANCING_STARTED']],
  zoneBalanced: [[eventMessages.zoneBalanced(zones), 'INFO SERVICE_REBALANCING_COMPLETED']],
  startedToRebalance: [[eventMessages.startedToRebalance('us-east-1a', ['1']), 'INFO TASKS_STARTED']],
  stoppedToRebalance: [[eventMessages.stoppedToRebalance('us-east-1a', ['1']), 'INFO TASKS_STOPPED']],
  rebalancingStopped: [[eventMessages.rebalancingStopped, 'INFO SERVICE_REBALANCING_STOPPED']],
  // SERVICE_DESIRED_COUNT_UPDATED is for what the scheduler changes by itself, and this is what its users change.
  computedDesiredCount: [[eventMessages.computedDesiredCount('ecs-svc/1', 2), '']],
  updatedDesiredCount: [[eventMessages.updatedDesiredCount(3), 'INFO SERVICE_DESIRED_COUNT_UPDATED']],
  tooManyProtected: [
    [eventMessages.tooManyProtected('ecs-svc/1'), 'INFO TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION'],
  ],
  cannotAssumeRole: [
    [
      eventMessages.cannotAssumeRole(cannotAssume('arn:aws:iam::123456789012:role/app')),
      `ERROR SERVICE_TASK_CONFIGURATION_FAILURE ${cannotAssume('arn:aws:iam::123456789012:role/app')}`,
    ],
  ],
  cannotPlace: [
    [eventMessages.cannotPlace(failure('RESOURCE:CPU')), 'ERROR SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:CPU'],
    [
      eventMessages.cannotPlace(failure('RESOURCE:MEMORY')),
      'ERROR SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:MEMORY',
    ],
    [
      eventMessages.cannotPlace(failure('RESOURCE:PORTS')),
      'ERROR SERVICE_TASK_PLACEMENT_FAILURE RESOURCE:PORTS',
    ],
    [eventMessages.cannotPlace(failure('ATTRIBUTE')), 'ERROR SERVICE_TASK_PLACEMENT_FAILURE ATTRIBUTE'],
    [eventMessages.cannotPlace(failure('AGENT')), 'ERROR SERVICE_TASK_PLACEMENT_FAILURE AGENT'],
    [
      eventMessages.cannotPlace([{ reason: 'NO ACTIVE INSTANCES' }]),
      'ERROR SERVICE_TASK_PLACEMENT_FAILURE NO ACTIVE INSTANCES',
    ],
  ],
};

test.each(Object.values(named).flat())('%s is %s', (message, name) => {
  const action = serviceActionOf(`(service web) ${message}`, false);
  expect([action?.eventType, action?.eventName, action?.reason].filter(Boolean).join(' ')).toBe(name);
});

test('a task that fails its health checks is an event when others find it in a registry', () => {
  const message = `(service web) ${eventMessages.failedHealthChecks('1')}`;
  expect(serviceActionOf(message, true)).toEqual({
    eventType: 'WARN',
    eventName: 'SERVICE_DISCOVERY_INSTANCE_UNHEALTHY',
  });
});
