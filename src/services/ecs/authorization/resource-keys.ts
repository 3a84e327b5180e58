import type { Tag } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { ConditionKeys } from '../../service.ts';
import { clusterArn, clusterOfArn, resourceId, scopeOfArn, serviceArn } from '../arn.ts';
import { services } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';
import { visitTagged } from '../tagged.ts';
import { clusterResource } from './resources.ts';
import type { Keys } from './row.ts';

/** Condition keys that tell of the resource, as it is kept or as its ARN says. */

/** `aws:ResourceTag/…` and `ecs:ResourceTag/…`, which say the same. What does not exist yet has none. */
export function resourceTags(reader: Reader): Keys<unknown> {
  return (_input, _call, resource) => {
    const keys: Record<string, string> = {};
    for (const { key = '', value = '' } of tagsOf(reader, resource)) {
      keys[`aws:ResourceTag/${key}`] = value;
      keys[`ecs:ResourceTag/${key}`] = value;
    }
    return keys;
  };
}

/** A service's deployments and revisions have no tags of their own: its tags are theirs. */
function tagsOf(reader: Reader, arn: string): readonly Tag[] {
  const scope = scopeOfArn(arn);
  const id = resourceId(arn);
  if (id !== undefined) return visitTagged(reader, scope, id, (_collection, _key, { tags }) => tags) ?? [];
  const owner = ownerOf(arn);
  if (owner === undefined) return [];
  const service = reader.get(services, serviceKey(scope, owner.cluster, owner.service));
  if (owner.type !== 'task-set') return service?.tags ?? [];
  return service?.taskSets?.find(({ deployment }) => deployment.id === owner.id)?.tags ?? [];
}

/**
 * `ecs:cluster`: the one that the resource is in; for resources that are in none, the one that the request names.
 */
export const cluster: Keys<{ readonly cluster?: string | undefined }> = (input, call, resource) => {
  const name = clusterOfArn(resource);
  return {
    'ecs:cluster':
      name === undefined ? clusterResource(input, call)[0] : clusterArn(scopeOfArn(resource), name),
  };
};

/** `ecs:cluster` of a request that names none but in its resource's ARN. */
export const clusterOfResource: Keys<unknown> = (_input, call, resource) => cluster({}, call, resource);

/** `ecs:service`: the one that a task set, deployment or revision is of. */
export const service: Keys<unknown> = (_input, _call, resource): ConditionKeys => {
  const owner = ownerOf(resource);
  return owner ? { 'ecs:service': serviceArn(scopeOfArn(resource), owner.cluster, owner.service) } : {};
};

/** The service that something is of: `task-set/<cluster>/<service>/<id>` and the like. */
function ownerOf(arn: string):
  | {
      readonly type: string;
      readonly cluster: string;
      readonly service: string;
      readonly id: string;
    }
  | undefined {
  const [type, cluster, service, ...id] = arn.split(':').slice(5).join(':').split('/');
  return type && cluster && service && id.length > 0
    ? { type, cluster, service, id: id.join('/') }
    : undefined;
}
