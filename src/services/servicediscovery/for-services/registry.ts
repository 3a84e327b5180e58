import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { findService } from '../context.ts';
import { checkInstance } from '../instance-attributes.ts';
import { putInstance, removeInstance } from '../instances.ts';
import { maxInstancesOfNamespace, maxInstancesOfService } from '../operations/register-instance.ts';
import {
  type CustomHealth,
  type DnsRecordType,
  instanceKey,
  instances,
  type NamespaceRecord,
  namespaceKey,
  namespaces,
  type Tags,
} from '../records.ts';

/** A service of Cloud Map as another service needs it that registers what it runs (ECS's `serviceRegistries`). */
export interface Registry {
  readonly serviceId: string;
  readonly serviceName: string;
  readonly namespaceName: string;
  readonly namespaceType: NamespaceRecord['type'];
  /** In none: discovered by the API alone. */
  readonly recordTypes: readonly DnsRecordType[];
  /** Whether what is registered has a health that is told by `setInstanceHealth`. */
  readonly hasCustomHealthCheck: boolean;
}

/** What an instance is to be, with the attributes that its registry's records take. */
export interface ServiceInstance {
  readonly registryArn: string;
  readonly instanceId: string;
  readonly attributes: Tags;
  readonly health: CustomHealth;
}

export type Registration =
  | { readonly type: 'registered' }
  /** What is in the way, in a sentence. */
  | { readonly type: 'refused'; readonly reason: string };

/** @param arn Of a service of this account and Region. Undefined: there is none. */
export function findRegistry(reader: Reader, scope: Scope, arn: string): Registry | undefined {
  const service = arn.startsWith('arn:') ? findService(reader, scope, arn) : undefined;
  const namespace = service && reader.get(namespaces, namespaceKey(scope, service.namespaceId));
  if (service === undefined || namespace === undefined) return undefined;
  return {
    ...{ serviceId: service.id, serviceName: service.name },
    ...{ namespaceName: namespace.name, namespaceType: namespace.type },
    recordTypes: service.dns?.records.map(({ type }) => type) ?? [],
    hasCustomHealthCheck: service.hasCustomHealthCheck,
  };
}

/** Registers in the caller's own transaction, at once. What is registered already becomes as told. */
export function registerServiceInstance(tx: Transaction, scope: Scope, asked: ServiceInstance): Registration {
  const { registryArn, instanceId: id, attributes, health } = asked;
  const service = findService(tx, scope, registryArn);
  if (service === undefined) return refused(`The service ${registryArn} does not exist.`);
  const told = service.hasCustomHealthCheck ? { ...attributes, AWS_INIT_HEALTH_STATUS: health } : attributes;
  const wrong = checkInstance(service, id, told);
  if (wrong !== undefined) return refused(wrong);
  const present = tx.get(instances, instanceKey(scope, service.id, id));
  const isFull =
    tx.countByIndex(instances, 'service', service.id) >= maxInstancesOfService ||
    tx.countByIndex(instances, 'namespace', service.namespaceId) >= maxInstancesOfNamespace;
  if (present === undefined && isFull) return refused(`The service ${service.id} or its namespace is full.`);
  putInstance(tx, scope, {
    ...{ id, serviceId: service.id, namespaceId: service.namespaceId },
    attributes: told,
    health: { status: health },
    ...{ creatorRequestId: present?.creatorRequestId ?? id, createdBy: scope.accountId },
  });
  return { type: 'registered' };
}

/** Absent, the whole registry too, is success. */
export function deregisterServiceInstance(
  tx: Transaction,
  scope: Scope,
  registryArn: string,
  id: string,
): void {
  const service = findService(tx, scope, registryArn);
  if (service !== undefined) removeInstance(tx, scope, service.id, id);
}

/** At once, unlike what UpdateInstanceCustomHealthStatus asks for. False: nothing of that name is registered. */
export function setInstanceHealth(
  tx: Transaction,
  scope: Scope,
  { registryArn, instanceId, health }: Omit<ServiceInstance, 'attributes'>,
): boolean {
  const service = findService(tx, scope, registryArn);
  const key = service && instanceKey(scope, service.id, instanceId);
  const instance = key && tx.get(instances, key);
  if (key === undefined || instance === undefined) return false;
  tx.put(instances, key, { ...instance, health: { status: health } });
  return true;
}

const refused = (reason: string): Registration => ({ type: 'refused', reason });
