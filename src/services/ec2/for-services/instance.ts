import type { Random } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { newId } from '../ids.ts';
import { type InstanceRecord, instances } from '../instances/instance-record.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { leaveInstance } from '../network-interfaces/attachments.ts';
import { ec2Key, type Scope } from '../records.ts';

/** What of an instance is told by whoever registers it, and may be another the next time. */
export type InstanceFacts = Pick<
  InstanceRecord,
  'address' | 'availabilityZone' | 'architecture' | 'machineId' | 'ownTcpPorts' | 'ownUdpPorts'
>;

/**
 * Makes an instance of a machine, in the transaction of the service that takes the machine in, or tells what is new of it.
 * @param id As the machine has it, `i-…`.
 * @returns whether it is so: not where one of that id runs on another machine, or is a node.
 */
export function registerInstance(
  tx: Transaction,
  random: Random,
  scope: Scope,
  id: string,
  facts: InstanceFacts,
  now: number,
): boolean {
  const before = findInstance(tx, scope, id);
  if (before !== undefined && before.machineId !== facts.machineId) return false;
  const made = { reservationId: newId(random, 'r'), launchedAt: now, tags: {} };
  if (before?.node !== undefined) return false;
  const { reservationId, launchedAt, tags } = before ?? made;
  const record: InstanceRecord = { id, reservationId, launchedAt, tags, ...facts };
  tx.put(instances, ec2Key(instances, scope, id), record);
  return true;
}

/** It is no more, and is shown so for an hour. Nothing happens when it is none of this room's. */
export function terminateInstance(tx: Transaction, scope: Scope, id: string, now: number): void {
  const instance = findInstance(tx, scope, id);
  if (instance === undefined) return;
  tx.put(instances, ec2Key(instances, scope, id), { ...instance, terminatedAt: now });
  leaveInstance(tx, scope, id);
}

/** One that runs; undefined: there is none of that id. In a transaction it stays guarded. @param id A text of any form. */
export function findInstance(reader: Reader, scope: Scope, id: string): InstanceRecord | undefined {
  const found = known(reader, kinds.instance, scope, id);
  return found?.terminatedAt === undefined ? found : undefined;
}
