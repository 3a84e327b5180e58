import type { Tag } from '@aws-sdk/client-ecs';
import { type Collection, type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import type { ResourceId, Scope } from './arn.ts';
import { gateways } from './gateway/records.ts';
import {
  capacityProviders,
  clusters,
  containerInstances,
  daemons,
  services,
  taskDefinitions,
  tasks,
} from './records.ts';
import { taskDefinitionKey } from './task-definition-lookup.ts';

interface Tagged {
  readonly tags: readonly Tag[];
}

export type TaggedVisitor<R> = <T extends Tagged>(
  collection: Collection<T, string>,
  key: RecordKey,
  record: T,
) => R;

/** Hands the record that `id` names to `visit`, together with where it lives; undefined when there is none. */
export function visitTagged<R>(
  reader: Reader,
  scope: Scope,
  id: ResourceId,
  visit: TaggedVisitor<R>,
): R | undefined {
  const found = <T extends Tagged & object>(collection: Collection<T, string>): R | undefined => {
    const key = keyOf(collection, scope, id);
    const record = reader.get(collection, key);
    return record && visit(collection, key, record);
  };
  switch (id.type) {
    case 'cluster':
      return found(clusters);
    case 'capacity-provider':
      return found(capacityProviders);
    case 'gateway':
      return found(gateways);
    case 'service':
      return found(services);
    case 'daemon':
      return found(daemons);
    case 'task':
      return found(tasks);
    case 'container-instance':
      return found(containerInstances);
    case 'task-definition':
      return found(taskDefinitions);
  }
}

function keyOf<T extends object>(collection: Collection<T, string>, scope: Scope, id: ResourceId): RecordKey {
  const key = (...ids: string[]) => recordKey(collection, scope.accountId, scope.region, ...ids);
  switch (id.type) {
    case 'cluster':
      return key(id.cluster);
    case 'capacity-provider':
      return key(id.capacityProvider);
    case 'gateway':
      return key(id.gateway);
    case 'service':
      return key(id.cluster, id.service);
    case 'daemon':
      return key(id.cluster, id.daemon);
    case 'task':
      return key(id.cluster, id.taskId);
    case 'container-instance':
      return key(id.cluster, id.containerInstanceId);
    case 'task-definition':
      return taskDefinitionKey(scope, id.family, id.revision);
  }
}
