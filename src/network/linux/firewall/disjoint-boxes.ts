/** First and last of a range of numbers, both in it. */
export type Range = readonly [first: number, last: number];

/** As nft writes it. */
export function rangeText([first, last]: Range, text: (value: number) => string = String): string {
  return first === last ? text(first) : `${text(first)}-${text(last)}`;
}

/** A range per dimension, e.g. of addresses, protocols and ports. */
export type Box = readonly Range[];

/**
 * The same points in boxes that do not overlap, the same ones for the same points however they were described at first
 * but for the order of dimensions: sets of the kernel refuse elements that overlap. All boxes have the same dimensions.
 */
export function disjointBoxes(boxes: readonly Box[]): readonly Box[] {
  if (boxes.length === 0) return [];
  if (boxes[0]?.length === 0) return [[]];
  const result: { range: [number, number]; rest: readonly Box[]; key: string }[] = [];
  for (const { range, inside } of slices(boxes)) {
    const rest = disjointBoxes(inside.map(([, ...others]) => others));
    const key = JSON.stringify(rest);
    const previous = result.at(-1);
    if (previous?.key === key && previous.range[1] === range[0] - 1) previous.range[1] = range[1];
    else result.push({ range: [...range], rest, key });
  }
  return result.flatMap(({ range, rest }) => rest.map((box) => [range, ...box]));
}

/** The first dimension cut at every box's bounds, with the boxes that hold each slice; slices that none holds are left out. */
function* slices(boxes: readonly Box[]): Generator<{ range: Range; inside: readonly Box[] }> {
  const bounds = new Map<number, { starting: Box[]; ending: Box[] }>();
  for (const box of boxes) {
    const [[first, last] = [0, 0]] = box;
    boundAt(first).starting.push(box);
    boundAt(last + 1).ending.push(box);
  }
  const ordered = [...bounds].sort(([one], [other]) => one - other);
  const inside = new Set<Box>();
  for (const [index, [first, { starting, ending }]] of ordered.entries()) {
    for (const box of ending) inside.delete(box);
    for (const box of starting) inside.add(box);
    const next = ordered[index + 1];
    if (inside.size > 0 && next !== undefined) yield { range: [first, next[0] - 1], inside: [...inside] };
  }

  function boundAt(value: number): { starting: Box[]; ending: Box[] } {
    const known = bounds.get(value);
    if (known !== undefined) return known;
    const added = { starting: [], ending: [] };
    bounds.set(value, added);
    return added;
  }
}
