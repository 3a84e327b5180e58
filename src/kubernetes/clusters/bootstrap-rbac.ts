import { jsonEqual } from '../../store/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import {
  autoupdate,
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapSystemRoles,
} from '../authorization/bootstrap-roles.ts';
import { type JsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { type Resource, resourceNamed } from '../schema/catalogue.ts';

const group = 'rbac.authorization.k8s.io';

export interface Bootstrapped {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly bodies: readonly JsonObject[];
}

/** The roles of a cluster and who has them. */
export const bootstrapRbac: readonly Bootstrapped[] = [
  {
    ...{ resource: resourceNamed(group, 'clusterroles'), namespace: undefined },
    bodies: bootstrapClusterRoles,
  },
  {
    ...{ resource: resourceNamed(group, 'clusterrolebindings'), namespace: undefined },
    bodies: bootstrapClusterRoleBindings,
  },
  { resource: resourceNamed(group, 'roles'), namespace: 'kube-system', bodies: bootstrapSystemRoles },
];

/**
 * A role or a binding that was there before gets back what it lacks; what somebody added stays. Unless he said that it is to
 * stay as he made it.
 */
export async function mendRbac(
  { objects }: Pick<Cluster, 'objects'>,
  { resource, namespace }: Pick<Bootstrapped, 'namespace' | 'resource'>,
  wanted: JsonObject,
): Promise<void> {
  const name = textOf(memberOf(wanted, 'metadata'), 'name');
  const present = await objects.get(resource, namespace, name);
  if (present === undefined) return;
  const mended = mendedRbac(present.object, wanted);
  // Whoever writes it at this moment has the last word until the next start.
  if (mended !== present.object) await objects.update(present, mended);
}

/** What a present object becomes; the same object where it lacks nothing. */
export function mendedRbac(present: KubernetesObject, wanted: JsonObject): KubernetesObject {
  const { annotations = {}, labels = {} } = present.metadata;
  if (annotations[autoupdate] === 'false') return present;
  const metadata = memberOf(wanted, 'metadata');
  const mended = {
    ...present,
    metadata: {
      ...present.metadata,
      annotations: { ...annotations, ...(memberOf(metadata, 'annotations') as Record<string, string>) },
      labels: { ...labels, ...(memberOf(metadata, 'labels') as Record<string, string>) },
    },
    ...(wanted.aggregationRule !== undefined && { aggregationRule: wanted.aggregationRule }),
    // Those of a role that is made of others are made of them.
    ...(wanted.rules !== undefined &&
      wanted.aggregationRule === undefined &&
      union('rules', present, wanted)),
    ...(wanted.subjects !== undefined && union('subjects', present, wanted)),
  };
  return jsonEqual(mended as never, present as never) ? present : mended;
}

function union(field: string, present: KubernetesObject, wanted: JsonObject) {
  const own = listOf(present, field);
  const missing = listOf(wanted, field).filter((it) => !own.some((known) => jsonEqual(known, it)));
  return { [field]: [...own, ...missing] };
}
