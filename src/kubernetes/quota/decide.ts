import type { Quantity } from '../../quantity.ts';
import { type JsonObject, type KubernetesObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';
import { type Amounts, amountsOf, increase, nothing, sum, told } from './amounts.ts';
import { hasScopes, isInScope } from './scopes.ts';
import { usageOf } from './usage.ts';

/** What a write would do to a quota. */
export type Decision =
  /** It has nothing to do with it. */
  | { readonly is: 'unconcerned' }
  /** What is used with it. */
  | { readonly is: 'counted'; readonly used: Amounts }
  | { readonly is: 'refused'; readonly why: string };

/** What an object counts for in one quota. */
export function usageIn(quota: KubernetesObject, resource: Resource, object: KubernetesObject): Amounts {
  const spec = memberOf(quota, 'spec');
  if (hasScopes(spec) && (qualifiedName(resource) !== 'pods' || !isInScope(spec, object))) return new Map();
  return usageOf(resource, object);
}

/** @param before Of an update: as it was. */
export function decide(
  quota: KubernetesObject,
  resource: Resource,
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): Decision {
  const { name } = quota.metadata;
  const hard = amountsOf(memberOf(memberOf(quota, 'spec'), 'hard'));
  const own = usageIn(quota, resource, object);
  if (before === undefined && own.size > 0) {
    const missing = missingOf(resource, object, hard);
    if (missing !== '') return { is: 'refused', why: `failed quota: ${name}: must specify ${missing}` };
  }
  const was = before === undefined ? new Map<string, Quantity>() : usageIn(quota, resource, before);
  const requested = only(increase(own, was), hard);
  if (requested.size === 0) return { is: 'unconcerned' };
  const status = memberOf(quota, 'status');
  const known = amountsOf(memberOf(status, 'hard'));
  const unknown = [...requested.keys()].filter((it) => !known.has(it)).toSorted();
  if (unknown.length > 0)
    return { is: 'refused', why: `status unknown for quota: ${name}, resources: ${unknown.join(',')}` };
  const used = amountsOf(memberOf(status, 'used'));
  const total = sum(used, requested);
  const exceeded = new Map(
    [...requested].filter(([it]) => (total.get(it) ?? nothing).nanos > (hard.get(it) ?? nothing).nanos),
  );
  if (exceeded.size === 0) return { is: 'counted', used: total };
  const of = (amounts: Amounts): string =>
    told(new Map([...exceeded.keys()].map((it) => [it, amounts.get(it) ?? nothing])));
  return {
    is: 'refused',
    why: `exceeded quota: ${name}, requested: ${told(exceeded)}, used: ${of(used)}, limited: ${of(hard)}`,
  };
}

/** Those that a quota limits. */
export const only = (amounts: Amounts, hard: Amounts): Amounts =>
  new Map([...amounts].filter(([name]) => hard.has(name)));

const specified = /^(?:(limits|requests)\.)?(cpu|memory)$/;

/** What a pod's containers have to say where a quota limits it: `limits.cpu for: a,b; memory for: a`. */
function missingOf(resource: Resource, pod: KubernetesObject, hard: Amounts): string {
  if (qualifiedName(resource) !== 'pods') return '';
  const spec = memberOf(pod, 'spec');
  const containers = [...objectsIn(spec, 'containers'), ...objectsIn(spec, 'initContainers')];
  const missing: string[] = [];
  for (const name of [...hard.keys()].toSorted()) {
    const [, which = 'requests', of = ''] = specified.exec(name) ?? [];
    if (of === '') continue;
    const silent = containers.filter((it) => resourcesOf(it, which)[of] === undefined);
    const names = silent.map((it) => textOf(it, 'name')).toSorted();
    if (names.length > 0) missing.push(`${name} for: ${names.join(',')}`);
  }
  return missing.join('; ');
}

const resourcesOf = (container: JsonObject, which: string): JsonObject =>
  memberOf(memberOf(container, 'resources'), which);
