/** The counts of a status as Kubernetes writes them: those that are 0 are not said. */
export const nonZero = <T extends Readonly<Record<string, number>>>(counts: T): Partial<T> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>;
