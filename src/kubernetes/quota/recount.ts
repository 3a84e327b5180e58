import { jsonEqual } from '../../store/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { memberOf } from '../objects/object.ts';
import { resourceNamed, storedResources } from '../schema/catalogue.ts';
import { type Amounts, amountsOf, listed, nothing, sum } from './amounts.ts';
import { only, usageIn } from './decide.ts';

const quotas = resourceNamed('', 'resourcequotas');

/**
 * Counts anew what a quota's namespace uses. What is counted while it looks has changed the quota, and then it does not write.
 * @returns whether the quota says what there was.
 */
export async function recount(
  { objects, catalogue }: Pick<Cluster, 'catalogue' | 'objects'>,
  namespace: string,
  name: string,
): Promise<boolean> {
  const present = await objects.get(quotas, namespace, name);
  if (present === undefined || present.object.metadata.deletionTimestamp !== undefined) return true;
  const quota = present.object;
  const hard = amountsOf(memberOf(memberOf(quota, 'spec'), 'hard'));
  let used: Amounts = new Map([...hard.keys()].map((it) => [it, nothing]));
  for (const resource of storedResources(catalogue)) {
    if (!resource.isNamespaced || !isCounted(resource, hard)) continue;
    const { items } = await objects.list(resource, namespace);
    used = sum(used, ...items.map(({ object }) => only(usageIn(quota, resource, object), hard)));
  }
  const status = { hard: listed(hard), used: listed(used) };
  if (jsonEqual(memberOf(quota, 'status'), status)) return true;
  return (await objects.update(present, { ...quota, status })) !== undefined;
}

const ofPods =
  /^(pods|count\/pods|(limits\.|requests\.)?(cpu|memory|ephemeral-storage|hugepages-.*)|requests\..*)$/;

function isCounted(
  { group, name }: { readonly group: string; readonly name: string },
  hard: Amounts,
): boolean {
  const names = [...hard.keys()];
  if (group === '' && name === 'pods') return names.some((it) => ofPods.test(it));
  const counted = `count/${group === '' ? name : `${name}.${group}`}`;
  return names.some(
    (it) =>
      it === counted ||
      (group === '' &&
        (it === name ||
          it.startsWith(`${name}.`) ||
          (name === 'persistentvolumeclaims' && it.endsWith('storage')) ||
          it.endsWith(`storage.k8s.io/${name}`))),
  );
}
