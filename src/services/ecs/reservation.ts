import type { ContainerInstanceRecord, TaskRecord, TaskReservation } from './records.ts';

/** What an instance has before any task. */
export const nothingUsed: TaskReservation = { cpu: 0, memoryMiB: 0, tcpPorts: [], udpPorts: [] };

/** What of a task its instance's record keeps account of. */
type Reserving = Pick<TaskRecord, 'group' | 'reserved'>;

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
    },
    taskCount: instance.taskCount - 1,
    groups: counted(instance.groups, task.group, -1),
    version: instance.version + 1,
  };
}

/** What nothing is added to stays the same list, which a record shares with the one before it. */
function withAll(list: readonly number[], added: readonly number[]): readonly number[] {
  return added.length === 0 ? list : [...list, ...added];
}

function withoutAll(list: readonly number[], removed: readonly number[]): readonly number[] {
  return removed.length === 0 ? list : list.filter((each) => !removed.includes(each));
}

type Groups = ContainerInstanceRecord['groups'];

function counted(groups: Groups, group: string, difference: number): Groups {
  const tasks = (groups.find((each) => each.group === group)?.tasks ?? 0) + difference;
  const others = groups.filter((each) => each.group !== group);
  return tasks > 0 ? [...others, { group, tasks }] : others;
}
