/**
 * How a container's output is taken up again without a gap and without a double.
 *
 * Attached first, everything the container says from now on arrives live; only then is the Engine's log read back. So
 * the log's end and the live beginning overlap: the first live bytes may be the end of a line whose beginning was
 * written before, and the next lines stand in the log too. Where they stand is found by position: the place in the
 * log at which the first live line ends an entry and all further live lines follow. Entries older than the attachment
 * can't be that place, so a line that repeats all day (a ticker) is not mistaken for its older selves.
 *
 * This is one stream's side of it, as data; `output.ts` does the reading.
 */
export interface Candidate<Entry extends { readonly text: string }> {
  readonly entry: Entry;
  isDelivered: boolean;
}

export interface Joint<Entry> {
  /** Entries to deliver now, in order. */
  readonly entries: readonly Entry[];
  /** How many of the live lines are among the entries, delivered now or before. */
  readonly skippedLines: number;
}

/**
 * Finds the joint between the entries read back that are not older than the attachment and the live lines so far.
 * Undefined when the log does not yet hold all of `live`: read it again, or where that has taken too long, be content with
 * the beginning of it (`mayLag`).
 */
export function findJoint<Entry extends { readonly text: string }>(
  candidates: readonly Candidate<Entry>[],
  live: readonly string[],
  { mayLag = false } = {},
): Joint<Entry> | undefined {
  const first = live[0];
  if (first === undefined) return undefined;
  const places = mayLag ? candidates.length : candidates.length - live.length + 1;
  for (let place = 0; place < places; place += 1) {
    if (!candidates[place]?.entry.text.endsWith(first)) continue;
    const rest = candidates.slice(place + 1, place + live.length);
    if (!rest.every(({ entry }, index) => entry.text === live[index + 1])) continue;
    const upTo = candidates.slice(0, place + live.length);
    const skippedBefore = candidates.slice(place + live.length).filter((later) => later.isDelivered).length;
    return {
      entries: upTo.filter((candidate) => !candidate.isDelivered).map((candidate) => candidate.entry),
      skippedLines: 1 + rest.length + skippedBefore,
    };
  }
  return undefined;
}
