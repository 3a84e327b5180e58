import type { CapacityProviderStrategy } from '../records.ts';

/**
 * How tasks are shared out among the providers of a strategy (Amazon ECS developer guide, "Capacity provider
 * strategy"): the base first, then what is above it in the ratio of the weights. With A weighing 1 and B 4, of
 * every five tasks one goes to A and four to B.
 *
 * `placed` says how many tasks of the same service each provider has already: base and ratio are those of the
 * service as a whole, however many launches it takes. Each task goes to the provider that is furthest behind,
 * ties to the first one named, so the outcome of one launch of five is that of five launches of one.
 * @returns the provider of each of `count` tasks, in order.
 */
export function shareOut(
  strategy: CapacityProviderStrategy,
  placed: ReadonlyMap<string, number>,
  count: number,
): readonly string[] {
  const shares = strategy.map(({ capacityProvider, weight, base }) => ({
    capacityProvider,
    // Weights compare providers; a single one needs none.
    weight: strategy.length === 1 ? 1 : weight,
    base,
    tasks: placed.get(capacityProvider) ?? 0,
  }));
  const chosen: string[] = [];
  while (chosen.length < count) {
    let next = shares.find(({ tasks, base }) => tasks < base);
    if (next === undefined) {
      let lowest = Number.POSITIVE_INFINITY;
      for (const share of shares) {
        const load =
          share.weight === 0 ? Number.POSITIVE_INFINITY : (share.tasks - share.base + 1) / share.weight;
        if (load < lowest) {
          lowest = load;
          next = share;
        }
      }
    }
    if (next === undefined) throw new Error('A strategy without weight was let through');
    next.tasks += 1;
    chosen.push(next.capacityProvider);
  }
  return chosen;
}
