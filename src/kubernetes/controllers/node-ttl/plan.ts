export const ttlAnnotation = 'node.alpha.kubernetes.io/ttl';

/** They overlap, so that a node that comes and goes does not change all others each time. */
const steps = [
  { from: 0, to: 100, seconds: 0 },
  { from: 90, to: 500, seconds: 15 },
  { from: 450, to: 1_000, seconds: 30 },
  { from: 900, to: 2_000, seconds: 60 },
  { from: 1_800, to: 10_000, seconds: 300 },
  { from: 9_000, to: Number.POSITIVE_INFINITY, seconds: 600 },
];

/** @param step The one that held before. @returns the one that holds for so many nodes. */
export function stepFor(nodes: number, step: number): number {
  let next = step;
  while (nodes > (steps[next]?.to ?? Number.POSITIVE_INFINITY)) next++;
  while (nodes < (steps[next]?.from ?? 0)) next--;
  return next;
}

export const secondsOf = (step: number): number => steps[step]?.seconds ?? 0;
