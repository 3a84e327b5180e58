import { jsonEqual } from '../../store/index.ts';
import { selects } from '../controllers/label-selector.ts';
import type { LabelSelector } from '../controllers/objects.ts';
import { isJsonObject, type JsonObject, type KubernetesObject, listOf, memberOf } from '../objects/object.ts';

/**
 * The rules of a ClusterRole that is made of others: those of every role that one of its selectors selects, in the order of
 * their names, each rule once.
 */
export function aggregatedRules(
  role: KubernetesObject,
  all: readonly KubernetesObject[],
): readonly JsonObject[] {
  const selectors = listOf(memberOf(role, 'aggregationRule'), 'clusterRoleSelectors').filter(isJsonObject);
  const rules: JsonObject[] = [];
  const sorted = all.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  for (const selector of selectors) {
    const isPart = selects(selector as LabelSelector);
    for (const part of sorted) {
      if (part.metadata.name === role.metadata.name || !isPart(part.metadata.labels)) continue;
      for (const rule of listOf(part, 'rules').filter(isJsonObject))
        if (!rules.some((known) => jsonEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
