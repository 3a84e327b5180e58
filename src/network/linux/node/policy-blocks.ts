import { cidrBlock } from '../../../topology/index.ts';
import { disjointBoxes, type Range } from '../firewall/disjoint-boxes.ts';

/** The addresses of blocks, without those of each block that it leaves out, as ranges that neither overlap nor touch. */
export function blockRanges(
  blocks: readonly { readonly cidr: string; readonly except: readonly string[] }[],
): readonly Range[] {
  const boxes = blocks.flatMap(({ cidr, except }) =>
    except.reduce<readonly Range[]>(without, [rangeOf(cidr)]).map((range) => [range]),
  );
  return disjointBoxes(boxes).flatMap(([range]) => (range === undefined ? [] : [range]));
}

function without(ranges: readonly Range[], cidr: string): readonly Range[] {
  const [from, to] = rangeOf(cidr);
  return ranges.flatMap(([first, last]): Range[] => {
    const before: Range = [first, Math.min(last, from - 1)];
    const after: Range = [Math.max(first, to + 1), last];
    return [before, after].filter(([start, end]) => start <= end);
  });
}

function rangeOf(cidr: string): Range {
  const { first, last } = cidrBlock(cidr);
  return [first, last];
}
