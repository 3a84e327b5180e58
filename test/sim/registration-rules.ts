import type { TaskRecord } from '../../src/services/ecs/records.ts';
import type { InstanceRecord } from '../../src/services/servicediscovery/records.ts';
import { fail } from './broken-rule.ts';
import type { RecordChanges, Records } from './records.ts';

const rule = 'others find the tasks that run, and no others';

/** In every commit: a task is in its registries as long as it is RUNNING or DEACTIVATING, and in no others. */
export function checkRegistrations(records: Records, changes: RecordChanges): void {
  const keys = new Set(changes.tasks.map(({ key }) => key));
  for (const { key, before, after } of changes.registrations) {
    const instance = after ?? before;
    if (instance !== undefined) keys.add(taskKeyOf(key, instance));
  }
  for (const key of keys) checkTask(records, key);
}

function checkTask(records: Records, key: string): void {
  const task = records.tasks.get(key);
  const found = records.registrationsOf(key.split('/').at(-1) ?? '');
  const expected = task === undefined || !isFound(task) ? [] : registriesOf(task);
  const where = found.map(({ serviceId }) => serviceId).sort();
  if (where.join() !== expected.toSorted().join())
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

function taskKeyOf(key: string, { id, attributes }: InstanceRecord): string {
  const [, , accountId, region] = key.split('/');
  return `/ecs/${accountId}/${region}/task/${attributes.ECS_CLUSTER_NAME}/${id}`;
}
