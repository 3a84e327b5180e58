import { type JsonObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { type Amounts, amountsOf, largest, sum } from './amounts.ts';

/**
 * What a pod needs: what its containers need at the same time, or one that runs alone before them, beside the sidecars that
 * are up by then, if that is more. What the pod says of itself as a whole stands for what its containers say.
 * @param unstated What a container is taken to need where it says nothing. Default: nothing.
 */
export function podResources(
  spec: JsonObject,
  which: 'limits' | 'requests',
  unstated: Amounts = new Map(),
): Amounts {
  const of = (container: JsonObject): Amounts =>
    new Map([...unstated, ...amountsOf(memberOf(memberOf(container, 'resources'), which))]);
  let sidecars: Amounts = new Map();
  let most: Amounts = new Map();
  for (const container of objectsIn(spec, 'initContainers')) {
    const beside = sum(sidecars, of(container));
    if (textOf(container, 'restartPolicy') === 'Always') sidecars = beside;
    most = largest(most, beside);
  }
  const together = sum(sidecars, ...objectsIn(spec, 'containers').map(of));
  const own = amountsOf(memberOf(memberOf(spec, 'resources'), which));
  return sum(new Map([...largest(together, most), ...own]), amountsOf(memberOf(spec, 'overhead')));
}
