/** Calls to the Engine at the same time at most, where one request of ours means many. */
const mostAtOnce = 8;

/** Does the same to all of `items`, some at a time; results in the items' order. The first failure ends it. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  step: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>();
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [place, item] of rest) results.set(place, await step(item));
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, items.length) }, work));
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
