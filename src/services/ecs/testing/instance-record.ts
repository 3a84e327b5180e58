import type { ContainerInstanceRecord } from '../records.ts';
import { nothingUsed } from '../reservation.ts';

export interface InstanceParts extends Partial<ContainerInstanceRecord> {
  /** Registered CPU units and MiB, and the machine's own ports. */
  readonly cpu?: number;
  readonly memoryMiB?: number;
  readonly tcpPorts?: readonly number[];
  readonly udpPorts?: readonly number[];
  readonly attributeValues?: Readonly<Record<string, string | undefined>>;
}

/** A valid ACTIVE instance with 1024 CPU units and 1024 MiB in eu-west-1a, bent by `parts`. */
export function instanceRecord(id: string, parts: InstanceParts = {}): ContainerInstanceRecord {
  const { cpu = 1024, memoryMiB = 1024, tcpPorts = [22], udpPorts = [], attributeValues, ...changes } = parts;
  return {
    id,
    cluster: 'default',
    status: 'ACTIVE',
    version: 1,
    registeredAt: 0,
    agentConnected: true,
    versionInfo: {},
    registeredResources: [
      { name: 'CPU', type: 'INTEGER', integerValue: cpu },
      { name: 'MEMORY', type: 'INTEGER', integerValue: memoryMiB },
      { name: 'PORTS', type: 'STRINGSET', stringSetValue: tcpPorts.map(String) },
      { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: udpPorts.map(String) },
    ],
    attributes: Object.entries({ 'ecs.availability-zone': 'eu-west-1a', ...attributeValues }).map(
      ([name, value]) => (value === undefined ? { name } : { name, value }),
    ),
    used: nothingUsed,
    taskCount: 0,
    groups: [],
    seqNum: 0,
    tags: [],
    ...changes,
  };
}
