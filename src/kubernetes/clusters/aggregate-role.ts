import { jsonEqual } from '../../store/index.ts';
import { aggregatedRules } from '../authorization/aggregation.ts';
import type { KubernetesContext } from '../context.ts';
import { listOf } from '../objects/object.ts';
import { type ClusterPlace, objectRecords, recordsPrefix } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { qualifiedName, resourceNamed } from '../schema/catalogue.ts';

const clusterRoles = resourceNamed('rbac.authorization.k8s.io', 'clusterroles');

/** Writes the rules of a role that is made of others, where they are not so yet. Who writes it meanwhile asks again. */
export async function aggregateRole(
  { store, state }: KubernetesContext,
  place: ClusterPlace,
  name: string,
): Promise<void> {
  const objects = new ObjectStore(store, place);
  const present = await objects.get(clusterRoles, undefined, name);
  if (present === undefined || present.object.metadata.deletionTimestamp !== undefined) return;
  const records = objectRecords(qualifiedName(clusterRoles));
  const all = [...state.list(records, recordsPrefix(records.noun, place))].map(({ value }) => value);
  const rules = aggregatedRules(present.object, all);
  if (jsonEqual(rules, listOf(present.object, 'rules'))) return;
  await objects.update(present, { ...present.object, rules });
}
