import type { Transaction } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { type InstanceRecord, instanceKey, instances, serviceKey, services } from './records.ts';

/** Registers an instance, in place of one of the same id. False: there is no such service. */
export function putInstance(tx: Transaction, scope: Scope, instance: InstanceRecord): boolean {
  if (!touch(tx, scope, instance.serviceId)) return false;
  tx.put(instances, instanceKey(scope, instance.serviceId, instance.id), instance);
  return true;
}

/** Absent is success. */
export function removeInstance(tx: Transaction, scope: Scope, serviceId: string, id: string): void {
  const key = instanceKey(scope, serviceId, id);
  if (tx.get(instances, key) === undefined) return;
  touch(tx, scope, serviceId);
  tx.delete(instances, key);
}

/** With every change of its instances a service is written: so none comes into a service that goes. */
function touch(tx: Transaction, scope: Scope, serviceId: string): boolean {
  const key = serviceKey(scope, serviceId);
  const service = tx.get(services, key);
  if (service === undefined) return false;
  tx.put(services, key, { ...service, instancesRevision: service.instancesRevision + 1 });
  return true;
}
