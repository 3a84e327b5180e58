import { type TaskRecord, type TaskTarget, targetsOf } from '../../src/services/ecs/records.ts';
import type { InstanceRecord } from '../../src/services/servicediscovery/records.ts';
import { fail } from './broken-rule.ts';
import type { RecordChanges, Records } from './records.ts';

const rule = 'others find the tasks that run, and no others';

/**
 * In every commit: a task is in its registries as long as it is RUNNING, and in no others. In DEACTIVATING it is taken
 * away, after which it may have something left to answer.
 */
export function checkRegistrations(records: Records, changes: RecordChanges): void {
  const keys = new Set(changes.tasks.map(({ key }) => key));
  for (const { key, before, after } of changes.registrations) {
    const instance = after ?? before;
    if (instance !== undefined) keys.add(taskKeyOf(key, instance));
  }
  for (const key of keys) checkTask(records, key);
  checkTargets(records, changes);
}

function checkTask(records: Records, key: string): void {
  const task = records.tasks.get(key);
  const found = records.registrationsOf(key.split('/').at(-1) ?? '');
  const expected = task === undefined || !isFound(task) ? [] : registriesOf(task);
  const where = found.map(({ serviceId }) => serviceId).sort();
  const isTakenAway = task?.lastStatus === 'DEACTIVATING' && where.length === 0;
  if (where.join() !== expected.toSorted().join() && !isTakenAway)
    fail(rule, `${key} is ${task?.lastStatus}, wanted ${task?.desiredStatus}, and found in [${where}]`);
  for (const { health } of found)
    if (task?.healthStatus === 'UNHEALTHY' && health.status === 'HEALTHY')
      fail(rule, `${key} is UNHEALTHY, and HEALTHY where it is found`);
}

/** Spot's capacity is taken back without ado. */
const isFound = ({ lastStatus, desiredStatus }: TaskRecord): boolean =>
  lastStatus === 'DEACTIVATING' || (lastStatus === 'RUNNING' && desiredStatus === 'RUNNING');

const registriesOf = ({ activation }: TaskRecord): readonly string[] =>
  (activation?.serviceRegistries ?? []).map(({ registryArn }) => registryArn.split('/').at(-1) ?? '');

/** Load balancers send to whoever is found, and to nobody else; an agent hears of a stop when they are done. */
function checkTargets(records: Records, changes: RecordChanges): void {
  for (const { key, before, after } of changes.tasks) {
    if (after === undefined) continue;
    const mine = targetsOf(after).map(({ targetGroupArn, id, port }) => {
      const groupId = targetGroupArn.split('/').at(-1);
      return [...records.targets.values()].find(
        (target) => target.targetGroupId === groupId && target.id === id && target.port === port,
      );
    });
    const isToBeSent = after.lastStatus === 'RUNNING' && after.desiredStatus === 'RUNNING';
    if (isToBeSent && mine.some((target) => target === undefined || target.drainsUntil !== undefined))
      fail(rule, `${key} is RUNNING, and a load balancer does not send to it`);
    const isTold = before?.lastStatus === 'DEACTIVATING' && after.lastStatus === 'STOPPING';
    if (isTold && mine.some((target) => target !== undefined))
      fail(rule, `${key} is to stop, and a load balancer is not done with it`);
  }
  const hasEnded = changes.tasks.some(({ after }) => after === undefined || !isFound(after));
  if (changes.targets.length === 0 && !hasEnded) return;
  const served = new Set([...records.tasks.values()].filter(isFound).flatMap(targetsOf).map(placeOf));
  for (const { targetGroupId, id, port, drainsUntil } of records.targets.values())
    if (drainsUntil === undefined && !served.has(`${targetGroupId} ${id}:${port}`))
      fail(rule, `a load balancer sends to ${id}:${port}, and nobody is there`);
}

const placeOf = ({ targetGroupArn, id, port }: TaskTarget): string =>
  `${targetGroupArn.split('/').at(-1)} ${id}:${port}`;

function taskKeyOf(key: string, { id, attributes }: InstanceRecord): string {
  const [, , accountId, region] = key.split('/');
  return `/ecs/${accountId}/${region}/task/${attributes.ECS_CLUSTER_NAME}/${id}`;
}
