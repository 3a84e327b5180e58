import { type RecordKey, recordKey, type Transaction } from '../../reconcile/index.ts';
import { given } from './given.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  instanceClusterOf,
  type TaskRecord,
  type TaskReservation,
} from './records.ts';

/** What an instance has before any task. */
export const nothingUsed: TaskReservation = { cpu: 0, memoryMiB: 0, tcpPorts: [], udpPorts: [] };

/** What of a task its instance's record keeps account of. */
type Reserving = Pick<TaskRecord, 'group' | 'reserved'>;

/** Takes a task's reservation from where it is placed, and from whoever lends that its room. */
export function takeRoom(tx: Transaction, taskKey: RecordKey, task: TaskRecord): void {
  changeRoom(tx, taskKey, task, reserve, (lender) => lending(lender, task, 1));
}

/** Gives all of it back. What is gone meanwhile has nothing to get back. */
export function giveRoomBack(tx: Transaction, taskKey: RecordKey, task: TaskRecord): void {
  changeRoom(tx, taskKey, task, giveBack, (lender) => lending(lender, task, -1));
}

function changeRoom(
  tx: Transaction,
  taskKey: RecordKey,
  task: TaskRecord,
  change: (instance: ContainerInstanceRecord, task: Reserving) => ContainerInstanceRecord,
  changeLender: (lender: ContainerInstanceRecord) => ContainerInstanceRecord,
): void {
  const [, , accountId = '', region = ''] = taskKey.split('/', 4);
  const apply = (
    cluster: string,
    id: string,
    after: (before: ContainerInstanceRecord) => ContainerInstanceRecord,
  ): void => {
    const key = recordKey(containerInstances, accountId, region, cluster, id);
    const before = tx.get(containerInstances, key);
    if (before !== undefined) tx.put(containerInstances, key, after(before));
  };
  if (task.containerInstanceId !== undefined)
    apply(instanceClusterOf(task), task.containerInstanceId, (instance) => change(instance, task));
  if (task.lender !== undefined) apply(task.lender.cluster, task.lender.id, changeLender);
}

/** A borrowed reservation is no task of the lender's: it is only not there for others. */
function lending(
  lender: ContainerInstanceRecord,
  { reserved }: TaskRecord,
  sign: 1 | -1,
): ContainerInstanceRecord {
  return {
    ...lender,
    used: {
      ...lender.used,
      cpu: lender.used.cpu + sign * reserved.cpu,
      memoryMiB: lender.used.memoryMiB + sign * reserved.memoryMiB,
    },
    // What was lent before this was counted can be given back, too.
    lent: {
      cpu: Math.max(0, (lender.lent?.cpu ?? 0) + sign * reserved.cpu),
      memoryMiB: Math.max(0, (lender.lent?.memoryMiB ?? 0) + sign * reserved.memoryMiB),
    },
    version: lender.version + 1,
  };
}

/** The instance with a task's reservation taken from it. */
export function reserve(instance: ContainerInstanceRecord, task: Reserving): ContainerInstanceRecord {
  const { used } = instance;
  const { reserved: taken } = task;
  return {
    ...instance,
    used: {
      cpu: used.cpu + taken.cpu,
      memoryMiB: used.memoryMiB + taken.memoryMiB,
      tcpPorts: withAll(used.tcpPorts, taken.tcpPorts),
      udpPorts: withAll(used.udpPorts, taken.udpPorts),
      ...given('gpuIds', taken.gpuIds ? withAll(used.gpuIds ?? [], taken.gpuIds) : used.gpuIds),
    },
    taskCount: instance.taskCount + 1,
    groups: counted(instance.groups, task.group, 1),
    version: instance.version + 1,
  };
}

/** The instance with a task's reservation given back. */
export function giveBack(instance: ContainerInstanceRecord, task: Reserving): ContainerInstanceRecord {
  const { used } = instance;
  const { reserved: taken } = task;
  return {
    ...instance,
    used: {
      cpu: used.cpu - taken.cpu,
      memoryMiB: used.memoryMiB - taken.memoryMiB,
      tcpPorts: withoutAll(used.tcpPorts, taken.tcpPorts),
      udpPorts: withoutAll(used.udpPorts, taken.udpPorts),
      ...given('gpuIds', taken.gpuIds ? withoutAll(used.gpuIds ?? [], taken.gpuIds) : used.gpuIds),
    },
    taskCount: instance.taskCount - 1,
    groups: counted(instance.groups, task.group, -1),
    version: instance.version + 1,
  };
}

/** What nothing is added to stays the same list, which a record shares with the one before it. */
function withAll<T>(list: readonly T[], added: readonly T[]): readonly T[] {
  return added.length === 0 ? list : [...list, ...added];
}

function withoutAll<T>(list: readonly T[], removed: readonly T[]): readonly T[] {
  return removed.length === 0 ? list : list.filter((each) => !removed.includes(each));
}

type Groups = ContainerInstanceRecord['groups'];

function counted(groups: Groups, group: string, difference: number): Groups {
  const tasks = (groups.find((each) => each.group === group)?.tasks ?? 0) + difference;
  const others = groups.filter((each) => each.group !== group);
  return tasks > 0 ? [...others, { group, tasks }] : others;
}
