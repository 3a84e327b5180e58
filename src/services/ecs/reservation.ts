import type { ContainerInstanceRecord, TaskRecord, TaskReservation } from './records.ts';

/** What an instance has before any task. */
export const nothingUsed: TaskReservation = { cpu: 0, memoryMiB: 0, tcpPorts: [], udpPorts: [] };

/** The instance with a task's reservation taken from it. */
export function reserve(instance: ContainerInstanceRecord, task: TaskRecord): ContainerInstanceRecord {
  const { used } = instance;
  const { reserved: taken } = task;
  return {
    ...instance,
    used: {
      cpu: used.cpu + taken.cpu,
      memoryMiB: used.memoryMiB + taken.memoryMiB,
      tcpPorts: [...used.tcpPorts, ...taken.tcpPorts],
      udpPorts: [...used.udpPorts, ...taken.udpPorts],
    },
    taskCount: instance.taskCount + 1,
    groups: counted(instance.groups, task.group, 1),
    version: instance.version + 1,
  };
}

/** The instance with a task's reservation given back. */
export function giveBack(instance: ContainerInstanceRecord, task: TaskRecord): ContainerInstanceRecord {
  const { used } = instance;
  const { reserved: taken } = task;
  return {
    ...instance,
    used: {
      cpu: used.cpu - taken.cpu,
      memoryMiB: used.memoryMiB - taken.memoryMiB,
      tcpPorts: used.tcpPorts.filter((port) => !taken.tcpPorts.includes(port)),
      udpPorts: used.udpPorts.filter((port) => !taken.udpPorts.includes(port)),
    },
    taskCount: instance.taskCount - 1,
    groups: counted(instance.groups, task.group, -1),
    version: instance.version + 1,
  };
}

type Groups = ContainerInstanceRecord['groups'];

function counted(groups: Groups, group: string, difference: number): Groups {
  const tasks = (groups.find((each) => each.group === group)?.tasks ?? 0) + difference;
  const others = groups.filter((each) => each.group !== group);
  return tasks > 0 ? [...others, { group, tasks }] : others;
}
