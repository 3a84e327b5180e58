import { parseCidr } from '../../../topology/index.ts';
import { disjointBoxes, type Range } from '../firewall/disjoint-boxes.ts';

interface Block {
  readonly cidr: string;
  readonly except: readonly string[];
}

/**
 * The addresses of blocks, without those of each block that it leaves out, as ranges that neither overlap nor touch. A block that
 * is none of IPv4, or leaves out what is none, has no addresses.
 */
export function blockRanges(blocks: readonly Block[]): readonly Range[] {
  const boxes = blocks.flatMap((block) => rangesOf(block).map((range) => [range]));
  return disjointBoxes(boxes).flatMap(([range]) => (range === undefined ? [] : [range]));
}

function rangesOf({ cidr, except }: Block): readonly Range[] {
  const [whole, ...others] = [cidr, ...except].map(parseCidr);
  if (whole === undefined) return [];
  let left: readonly Range[] = [[whole.first, whole.last]];
  for (const other of others) {
    if (other === undefined) return [];
    left = left.flatMap(([first, last]): Range[] => {
      const before: Range = [first, Math.min(last, other.first - 1)];
      const after: Range = [Math.max(first, other.last + 1), last];
      return [before, after].filter(([start, end]) => start <= end);
    });
  }
  return left;
}
