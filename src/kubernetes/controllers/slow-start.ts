/**
 * Does the same `count` times: once, then twice at the same time, four times, eight times, as long as all goes well, so
 * that what cannot go well is tried once and not a hundred times.
 * @returns how often it went well, and the first failure.
 */
export async function slowStart(
  count: number,
  run: (index: number) => Promise<void>,
): Promise<{ readonly succeeded: number; readonly error: unknown }> {
  let succeeded = 0;
  for (let begun = 0, size = 1; begun < count; size *= 2) {
    const batch = Math.min(size, count - begun);
    const first = begun;
    const outcomes = await Promise.allSettled(Array.from({ length: batch }, (_, at) => run(first + at)));
    begun += batch;
    succeeded += outcomes.filter(({ status }) => status === 'fulfilled').length;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) return { succeeded, error: failed.reason };
  }
  return { succeeded, error: undefined };
}
