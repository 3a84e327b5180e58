import { type JsonObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { type Amounts, amountsOf, largest, sum } from './amounts.ts';

/** What a pod is charged with: what its containers need at the same time, or one that runs alone before them if that is more. */
export function podResources(spec: JsonObject, which: 'limits' | 'requests'): Amounts {
  const of = (container: JsonObject): Amounts => amountsOf(memberOf(memberOf(container, 'resources'), which));
  const inits = objectsIn(spec, 'initContainers');
  const sidecars = inits.filter((it) => textOf(it, 'restartPolicy') === 'Always');
  const alone = inits.filter((it) => textOf(it, 'restartPolicy') !== 'Always');
  const own = amountsOf(memberOf(memberOf(spec, 'resources'), which));
  const together = sum(...[...objectsIn(spec, 'containers'), ...sidecars].map(of));
  const needed = largest(together, ...alone.map((it) => sum(of(it), ...sidecars.map(of))));
  return sum(new Map([...needed, ...own]), amountsOf(memberOf(spec, 'overhead')));
}
