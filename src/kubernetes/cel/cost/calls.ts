import { either, exactly, plus, product, type Size, scaled, sum, times } from './amounts.ts';

/** A part of an expression, as far as its costs are known. */
export interface Estimated {
  /** At most. */
  readonly cost: number;
  readonly size: Size;
  /** E.g. `string`; `dyn` where it is known only when it is evaluated. */
  readonly type: string;
  /** Of a list: how large its items are. */
  readonly itemSize: Size;
  /** Of a list: what its items are. */
  readonly itemType: string;
  /** A number that is written there. */
  readonly literal?: bigint;
}

/** What calling a function costs besides its arguments, and how large its answer is, where that says more than its type. */
export interface CallCost {
  readonly cost: number;
  readonly size?: Size;
}

/** Going through a text, for each byte. */
const perByte = 0.1;
/** An expression of a pattern is about four characters. */
const perPatternByte = 0.25;
const nominal: CallCost = { cost: 1 };
/** Two in an expression are what its budget allows. */
const authorizationCheck: CallCost = { cost: 350_000 };

const isText = (type: string): boolean => type === 'string' || type === 'bytes';
const through = ({ size }: Estimated, times = 1): number => scaled(size.max, perByte * times);

/** An address has 4 or 16 bytes; two are compared. */
const compareAddresses = scaled(2 * 16, perByte);
const parsing = (argument: Estimated): number => (argument.type === 'string' ? through(argument) : 0);

type OnTarget = (target: Estimated, args: readonly Estimated[]) => CallCost | undefined;

/** Of what is called on something, by `k8s.io/apiserver/pkg/cel/library/cost.go` and cel-go's `checker/cost.go`. */
const onTarget: Readonly<Record<string, OnTarget>> = {
  ...Object.fromEntries(
    ['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'].map((name) => [name, overAll]),
  ),
  ...Object.fromEntries(
    ['lowerAscii', 'upperAscii', 'substring', 'trim'].map((name) => [
      name,
      (target: Estimated) => ({ cost: through(target), size: target.size }),
    ]),
  ),
  replace: (target, [from, to]) =>
    from && to && { cost: through(target, 2), size: replaced(target.size, from.size, to.size) },
  split: (target, [, most]) => ({
    cost: through(target, 2),
    size: { min: 0, max: most?.literal === undefined ? target.size.max : Math.abs(Number(most.literal)) },
  }),
  join: (target, [separator]) => {
    const size = joined(target, separator);
    return { cost: scaled(size.max, perByte), size };
  },
  find: (target, [pattern]) => pattern && { cost: matching(target, pattern), size: upTo(target.size) },
  findAll: (target, [pattern]) => pattern && { cost: matching(target, pattern), size: upTo(target.size) },
  matches: (target, [pattern]) => pattern && { cost: matching(target, pattern) },
  contains: (target, [part]) => part && { cost: times(through(target), through(part)) },
  startsWith: (_, [part]) => part && { cost: through(part) },
  endsWith: (_, [part]) => part && { cost: through(part) },
  format: (target) => ({ cost: through(target) }),
  containsIP: (_, [ip]) => ip && { cost: plus(compareAddresses, parsing(ip)) },
  containsCIDR: (_, [cidr]) =>
    cidr && { cost: plus(compareAddresses, scaled(16, perByte), 1, parsing(cidr)) },
  check: () => authorizationCheck,
};

type Global = (args: readonly Estimated[]) => CallCost | undefined;

/** Of what is called by its name alone. */
const globals: Readonly<Record<string, Global>> = {
  url: ([text]) => text && { cost: through(text) },
  bytes: ([text]) =>
    text?.type === 'string'
      ? { cost: through(text), size: { min: text.size.min, max: times(text.size.max, 4) } }
      : undefined,
  string: ([bytes]) =>
    bytes?.type === 'bytes'
      ? { cost: through(bytes), size: { min: Math.floor(bytes.size.min / 4), max: bytes.size.max } }
      : undefined,
  'sets.contains': ([one, other]) => one && other && sets(one, other, 1),
  'sets.intersects': ([one, other]) => one && other && sets(one, other, 1),
  'sets.equivalent': ([one, other]) => one && other && sets(one, other, 2),
  'strings.quote': ([text]) =>
    text && {
      cost: through(text),
      size: { min: text.size.min + 2, max: plus(times(text.size.max, 2), 2) },
    },
};

/** @param target Undefined: it is called by its name, which may have a namespace before it. */
export function callCost(name: string, target: Estimated | undefined, args: readonly Estimated[]): CallCost {
  const [own, global] = [onTarget[name], globals[name]];
  return (target === undefined ? global?.(args) : own?.(target, args)) ?? nominal;
}

const upTo = ({ max }: Size): Size => ({ min: 0, max });

const matching = (text: Estimated, pattern: Estimated): number =>
  times(scaled(plus(text.size.max, 1), perByte), scaled(pattern.size.max, perPatternByte));

const sets = (one: Estimated, other: Estimated, factor: number): CallCost => ({
  cost: plus(scaled(times(one.size.max, other.size.max), factor), 1),
});

/** Each item of a list is compared once; of a text each byte. */
function overAll(target: Estimated): CallCost {
  if (!target.type.startsWith('list')) return { cost: through(target) };
  const each = plus(1, isText(target.itemType) ? scaled(target.itemSize.max, perByte) : 0);
  return { cost: times(target.size.max, each) };
}

function joined(list: Estimated, separator: Estimated | undefined): Size {
  const items = product(list.size, list.itemSize);
  if (separator === undefined) return items;
  const between = { min: Math.max(0, list.size.min - 1), max: Math.max(0, list.size.max - 1) };
  return sum(items, product(separator.size, between));
}

/** The longest that comes of it: what is replaced may be empty, and is then before each character and behind the last. */
function replaced(text: Size, from: Size, to: Size): Size {
  const [count, rest] =
    from.min === 0
      ? [plus(text.max, 1), text.max]
      : to.max <= from.min
        ? [0, text.max]
        : [Math.ceil(text.max / from.min), 0];
  return { min: 0, max: plus(times(count, to.max), rest) };
}

/** A type of Kubernetes' own: two of them are compared at once. */
const isOpaque = (type: string): boolean => type.startsWith('kubernetes.');

const ordering = new Set(['<', '<=', '>', '>=']);

/** An operator of two sides that are both evaluated. */
export function operatorCost(operator: string, one: Estimated, other: Estimated): CallCost {
  const hasDyn = one.type === 'dyn' || other.type === 'dyn';
  const smaller = scaled(Math.min(one.size.max, other.size.max), perByte);
  if (operator === '==' || operator === '!=')
    return one.type === other.type && isOpaque(one.type) ? nominal : { cost: smaller };
  if (ordering.has(operator)) return { cost: isText(one.type) ? smaller : hasDyn ? Math.max(1, smaller) : 1 };
  if (operator === 'in') {
    const isList = other.type.startsWith('list');
    return { cost: isList ? other.size.max : other.type === 'dyn' ? Math.max(1, other.size.max) : 1 };
  }
  if (operator !== '+') return nominal;
  const size = sum(one.size, other.size);
  if (isText(one.type)) return { cost: scaled(size.max, perByte), size };
  if (one.type.startsWith('list')) return { cost: 1, size };
  return hasDyn ? { cost: Math.max(1, scaled(size.max, perByte)), size } : nominal;
}

/** How large one of several is; of none nothing is known. */
export const sizeOfAny = (sizes: readonly Size[]): Size =>
  sizes.length === 0 ? exactly(0) : sizes.reduce(either);
