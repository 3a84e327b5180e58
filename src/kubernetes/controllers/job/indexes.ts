import type { Pod } from '../objects.ts';

type Interval = readonly [first: number, last: number];

/** Indexes of an Indexed Job, in order, as its status writes them: `1,3-5,7`. */
export type Indexes = readonly Interval[];

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

/** Those below `completions`; what is no interval is left out. */
export function parseIndexes(text: string | undefined, completions: number): Indexes {
  const given = (text ?? '').split(',').flatMap((part): Interval[] => {
    const [, first = '', last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? [];
    return first === '' || Number(first) >= completions
      ? []
      : [[Number(first), Math.min(Number(last), completions - 1)]];
  });
  return merged(given);
}

export function indexesText(indexes: Indexes): string {
  return indexes
    .map(([first, last]) =>
      first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`,
    )
    .join(',');
}

export const totalOf = (indexes: Indexes): number =>
  indexes.reduce((sum, [first, last]) => sum + last - first + 1, 0);

export const hasIndex = (indexes: Indexes, index: number): boolean =>
  indexes.some(([first, last]) => first <= index && index <= last);

export const withIndexes = (indexes: Indexes, more: Iterable<number>): Indexes =>
  merged([...indexes, ...Array.from(more, (index): Interval => [index, index])]);

export const union = (one: Indexes, other: Indexes): Indexes => merged([...one, ...other]);

function merged(intervals: readonly Interval[]): Indexes {
  const result: [number, number][] = [];
  for (const [first, last] of intervals.toSorted(([one], [other]) => one - other)) {
    const before = result.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else result.push([first, last]);
  }
  return result;
}

/** The lowest `count` indexes below `completions` that are not among those given. */
export function firstOthers(indexes: Indexes, count: number, completions: number): readonly number[] {
  const found: number[] = [];
  let candidate = 0;
  const take = (end: number): void => {
    for (; candidate < Math.min(end, completions) && found.length < count; candidate++) found.push(candidate);
  };
  for (const [first, last] of indexes) {
    take(first);
    candidate = Math.max(candidate, last + 1);
  }
  take(completions);
  return found;
}

/** Of a pod of an Indexed Job; undefined: it has none, or none that there is. */
export function indexOf({ metadata }: Pod, completions: number): number | undefined {
  const text = metadata.annotations?.[indexAnnotation] ?? '';
  return /^\d{1,9}$/.test(text) && Number(text) < completions ? Number(text) : undefined;
}
