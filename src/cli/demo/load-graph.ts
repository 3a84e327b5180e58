import { type Output, paint } from '../terminal.ts';

/** What became of the requests of one moment. */
export interface LoadMoment {
  /** Answers, by the revision that gave them. */
  readonly answered: ReadonlyMap<number, number>;
  readonly failed: number;
}

const rows = 6;
const colours = ['cyan', 'green'] as const;
const mostMoments = 60;

/**
 * Requests over time, a column for each moment: which revision answered, the newest below; what failed on top. In colour
 * blocks, else the revision's number and `!`.
 * @param perMoment How many are sent in one: the height of the graph.
 */
export function loadGraph(
  output: Output,
  moments: readonly LoadMoment[],
  perMoment: number,
  momentSeconds: number,
): string {
  const shown = squeezed(moments, Math.min(mostMoments, output.columns() - 12));
  const revisions = [...new Set(moments.flatMap(({ answered }) => [...answered.keys()]))].sort(
    (a, b) => a - b,
  );
  const cellOf = (kind: number | 'failed' | undefined): string => {
    if (kind === undefined) return ' ';
    const [mark, colour] =
      kind === 'failed'
        ? (['!', 'red'] as const)
        : ([String(kind % 10), colours[revisions.indexOf(kind) % colours.length] ?? 'cyan'] as const);
    return output.hasColours ? paint(output, colour, '█') : mark;
  };
  const columns = shown.map((moment) => columnOf(moment, revisions.toReversed(), perMoment * moment.width));
  const lines = Array.from({ length: rows }, (_, index) => {
    const height = rows - index;
    const label = index === 0 ? `${Math.round(perMoment / momentSeconds)}/s` : '';
    return `  ${label.padStart(6)} │${columns.map((column) => cellOf(column[height - 1])).join('')}`;
  });
  const seconds = `${Math.round(moments.length * momentSeconds)} s`;
  const axis = `  ${''.padStart(6)} └${'─'.repeat(Math.max(0, columns.length - seconds.length - 1))} ${seconds}`;
  const total = (count: (moment: LoadMoment) => number): number =>
    moments.reduce((sum, moment) => sum + count(moment), 0);
  const failed = total((moment) => moment.failed);
  const legend = [
    ...revisions.map(
      (revision) =>
        `${cellOf(revision)} revision ${revision}: ${total(({ answered }) => answered.get(revision) ?? 0)}`,
    ),
    `${cellOf('failed')} failed: ${failed}`,
  ];
  return [...lines, axis, `          ${legend.join('   ')}`].join('\n');
}

/** From the bottom to the top. */
function columnOf(
  { answered, failed }: LoadMoment,
  fromBottom: readonly number[],
  most: number,
): (number | 'failed' | undefined)[] {
  const column: (number | 'failed' | undefined)[] = [];
  let sum = 0;
  for (const kind of fromBottom) {
    sum += answered.get(kind) ?? 0;
    while (column.length < Math.round((sum / most) * rows)) column.push(kind);
  }
  // One of a thousand is seen as well.
  if (failed > 0) column.splice(Math.min(column.length, rows - 1), 1, 'failed');
  return column.slice(0, rows);
}

/** As many as there is room for: several moments become one. */
function squeezed(moments: readonly LoadMoment[], room: number): (LoadMoment & { readonly width: number })[] {
  const width = Math.max(1, Math.ceil(moments.length / Math.max(1, room)));
  return Array.from({ length: Math.ceil(moments.length / width) }, (_, index) => {
    const some = moments.slice(index * width, (index + 1) * width);
    const answered = new Map<number, number>();
    for (const moment of some) {
      for (const [revision, count] of moment.answered) {
        answered.set(revision, (answered.get(revision) ?? 0) + count);
      }
    }
    return { answered, failed: some.reduce((sum, { failed }) => sum + failed, 0), width: some.length };
  });
}
