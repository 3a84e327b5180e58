import { type Random, uuid } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { arnOf, newId, readIdOrArn, type Scope } from '../arn.ts';
import { findNamespace, findService } from '../context.ts';
import { canHaveAnother, freeHttpName, namespacesOf } from '../operations/create-namespace.ts';
import {
  instanceKey,
  instances,
  type NamespaceRecord,
  namespaceKey,
  namespaces,
  operations,
  type ServiceRecord,
  serviceKey,
  serviceNameIndex,
  services,
  type Tags,
  takenName,
  underWay,
} from '../records.ts';

/** A namespace as a service needs it that makes what is found in there (ECS's Service Connect). */
export interface DiscoveryNamespace {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  /** By which its instances are discovered. */
  readonly httpName: string;
}

/** What is in the way, in a sentence. */
export interface DiscoveryObstacle {
  readonly reason: string;
}

/** On what a service made for itself. */
const managedTags: Tags = { AmazonECSManaged: 'true' };

/** @param nameOrArn Of a namespace of this account and Region; of several of one name that for HTTP. */
export function findDiscoveryNamespace(
  reader: Reader,
  scope: Scope,
  nameOrArn: string,
): DiscoveryNamespace | undefined {
  if (nameOrArn.startsWith('arn:')) {
    const found = findNamespace(reader, scope, nameOrArn);
    return found && namespaceView(scope, found);
  }
  const named = namespacesOf(reader, scope).filter(({ name }) => name === nameOrArn);
  const found = named.find(({ type }) => type === 'HTTP') ?? named[0];
  return found && namespaceView(scope, found);
}

/** An HTTP namespace, there at once. */
export function makeHttpNamespace(
  tx: Transaction,
  scope: Scope,
  { name, random, now }: { readonly name: string; readonly random: Random; readonly now: number },
): DiscoveryNamespace | DiscoveryObstacle {
  if (!/^[!-~]{1,1024}$/.test(name)) return { reason: `The name ${name} can not be a namespace's.` };
  const comes = tx.countByIndex(operations, 'underWay', underWay.onName(scope, { name })) > 0;
  if (comes || namespacesOf(tx, scope).some((each) => takenName(scope, each) === takenName(scope, { name })))
    return { reason: `There is a namespace ${name} already, or is about to be.` };
  if (!canHaveAnother(tx, scope)) return { reason: 'There are as many namespaces as there can be.' };
  const id = newId(random, 'ns');
  const namespace: NamespaceRecord = {
    ...{ id, name, type: 'HTTP', httpName: freeHttpName(tx, scope, name, id) },
    ...{ serviceCount: 0, creatorRequestId: uuid(random), createdAt: now, tags: managedTags },
  };
  tx.put(namespaces, namespaceKey(scope, id), namespace);
  return namespaceView(scope, namespace);
}

/**
 * A service that is discovered by the API alone, with a health that is told by `setInstanceHealth`; there at once. One
 * of that name that was made so before is the one that is meant.
 * @returns its ARN.
 */
export function makeDiscoveryService(
  tx: Transaction,
  scope: Scope,
  asked: {
    readonly namespaceId: string;
    readonly name: string;
    readonly random: Random;
    readonly now: number;
  },
): { readonly arn: string } | DiscoveryObstacle {
  const { namespaceId, name, random, now } = asked;
  const namespace = tx.get(namespaces, namespaceKey(scope, namespaceId));
  if (namespace === undefined) return { reason: `The namespace ${namespaceId} does not exist.` };
  const [present] = tx.byIndex(services, 'name', serviceNameIndex(namespaceId, name));
  if (present !== undefined) {
    if (present.value.tags.AmazonECSManaged === 'true')
      return { arn: arnOf(scope, 'service', present.value.id) };
    return {
      reason: `The namespace ${namespace.name} has a service ${name} that is not made by Amazon ECS.`,
    };
  }
  const id = newId(random, 'srv');
  const service: ServiceRecord = {
    ...{ id, name, namespaceId, hasCustomHealthCheck: true, attributes: {}, instancesRevision: 1 },
    ...{ creatorRequestId: uuid(random), createdBy: scope.accountId, createdAt: now, tags: managedTags },
  };
  tx.put(namespaces, namespaceKey(scope, namespaceId), {
    ...namespace,
    serviceCount: namespace.serviceCount + 1,
  });
  tx.put(services, serviceKey(scope, id), service);
  return { arn: arnOf(scope, 'service', id) };
}

/** With whatever is registered there. Absent is success, and what was not made by `makeDiscoveryService` stays. */
export function removeDiscoveryService(tx: Transaction, scope: Scope, arn: string): void {
  const id = readIdOrArn(scope, 'service', arn);
  const service = id === undefined ? undefined : findService(tx, scope, arn);
  if (service?.tags.AmazonECSManaged !== 'true') return;
  for (const { value } of tx.byIndex(instances, 'service', service.id))
    tx.delete(instances, instanceKey(scope, service.id, value.id));
  const namespace = tx.get(namespaces, namespaceKey(scope, service.namespaceId));
  if (namespace !== undefined)
    tx.put(namespaces, namespaceKey(scope, namespace.id), {
      ...namespace,
      serviceCount: namespace.serviceCount - 1,
    });
  tx.delete(services, serviceKey(scope, service.id));
}

const namespaceView = (scope: Scope, { id, name, httpName }: NamespaceRecord): DiscoveryNamespace => ({
  ...{ id, name, httpName },
  arn: arnOf(scope, 'namespace', id),
});
