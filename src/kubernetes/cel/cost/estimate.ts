import type { ASTNode } from '@marcbachmann/cel-js';
import { either, exactly, plus, type Size, times, unknownSize } from './amounts.ts';
import { callCost, type Estimated, operatorCost, sizeOfAny } from './calls.ts';
import type { SizedType } from './sizes.ts';

/** What the library has found a part of an expression to be. */
interface CheckedType {
  readonly kind: string;
  readonly name: string;
  readonly valueType?: CheckedType;
}
type Checked = ASTNode & { readonly checkedType?: CheckedType };

/** Where a value stands, from the variable that it is part of: `['self', 'spec', '@items']`. */
type Path = readonly string[];

interface Part extends Estimated {
  readonly path: Path;
  /** Of what stands in a list or a map that the expression itself makes. */
  readonly within: Within | undefined;
}

interface Within {
  readonly key: Size;
  readonly value: Size;
}

/** A variable of the expression's own. */
interface Local {
  readonly path: Path;
  readonly size: Size | undefined;
  readonly within: Within | undefined;
}

interface Scope {
  readonly root: SizedType;
  readonly locals: ReadonlyMap<string, Local>;
}

/** Naming a variable, or a member of an object or a map. */
const naming = 1;
const makingList = 10;
const makingMap = 30;

/**
 * What evaluating a checked expression costs at most, as cel-go estimates it from the sizes of what it is about.
 * @param root Of `self`, and of `oldSelf`.
 */
export const estimatedCost = (expression: ASTNode, root: SizedType): number =>
  estimate(expression as Checked, { root, locals: new Map() }).cost;

function estimate(node: Checked, scope: Scope): Part {
  switch (node.op) {
    case 'value':
      return part(node, scope, 0, { size: literalSize(node.args), literal: node.args });
    case 'id': {
      const local = scope.locals.get(node.args);
      const path = local?.path ?? [node.args];
      return part(node, scope, naming, { path, local });
    }
    case '.': {
      const target = estimate(node.args[0], scope);
      const kind = (node.args[0] as Checked).checkedType?.kind;
      const cost = plus(target.cost, kind === 'map' || kind === 'message' ? naming : 0);
      return part(node, scope, cost, { path: [...target.path, node.args[1]] });
    }
    case '[]': {
      const [target, index] = [estimate(node.args[0], scope), estimate(node.args[1], scope)];
      const kind = (node.args[0] as Checked).checkedType?.kind;
      const path = [...target.path, kind === 'list' ? '@items' : '@values'];
      return part(node, scope, plus(1, target.cost, index.cost), { path, size: target.within?.value });
    }
    case '.?':
      return part(node, scope, plus(1, estimate(node.args[0], scope).cost));
    case '[?]':
      return part(node, scope, plus(1, ...node.args.map((it) => estimate(it, scope).cost)));
    case '-_':
      // A number below zero is a literal.
      if (node.args.op === 'value') return part(node, scope, 0, { size: exactly(1) });
      return part(node, scope, plus(1, estimate(node.args, scope).cost));
    case '!_':
      return part(node, scope, plus(1, estimate(node.args, scope).cost));
    case '&&':
    case '||':
      return part(node, scope, plus(...node.args.map((it) => estimate(it, scope).cost)));
    case '?:': {
      const [condition, one, other] = node.args.map((it) => estimate(it, scope)) as [Part, Part, Part];
      return part(node, scope, plus(condition.cost, Math.max(one.cost, other.cost)), {
        size: either(one.size, other.size),
        within: one.within && other.within && eitherWithin(one.within, other.within),
      });
    }
    case 'list': {
      const items = node.args.map((it) => estimate(it, scope));
      return part(node, scope, plus(makingList, ...items.map(({ cost }) => cost)), {
        size: exactly(items.length),
        within: { key: exactly(1), value: sizeOfAny(items.map(({ size }) => size)) },
      });
    }
    case 'map': {
      const entries = node.args.map((entry) => entry.map((it) => estimate(it, scope)) as [Part, Part]);
      return part(node, scope, plus(makingMap, ...entries.flat().map(({ cost }) => cost)), {
        size: exactly(entries.length),
        within: {
          key: sizeOfAny(entries.map(([key]) => key.size)),
          value: sizeOfAny(entries.map(([, value]) => value.size)),
        },
      });
    }
    case 'call':
      return estimateGlobal(node, node.args[0], node.args[1], scope);
    case 'rcall':
      return estimateMember(node, node.args, scope);
    default: {
      const [one, other] = node.args.map((it) => estimate(it, scope)) as [Part, Part];
      const { cost, size } = operatorCost(node.op, one, other);
      const within = node.op === '+' && one.within && other.within && eitherWithin(one.within, other.within);
      return part(node, scope, plus(cost, one.cost, other.cost), { size, within: within || undefined });
    }
  }
}

function estimateGlobal(node: Checked, name: string, args: readonly ASTNode[], scope: Scope): Part {
  const [first] = args as readonly Checked[];
  // Looking whether something is there has no cost upstream, so that rules which were allowed stay so.
  if (name === 'has' && first?.op === '.') return part(node, scope, 0);
  const estimated = args.map((it) => estimate(it, scope));
  const own = estimated[0];
  if (name === 'dyn' && own !== undefined) return { ...own, cost: plus(1, own.cost), type: 'dyn' };
  const { cost, size } = callCost(name, undefined, estimated);
  return part(node, scope, plus(cost, ...estimated.map((it) => it.cost)), { size });
}

function estimateMember(
  node: Checked,
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  scope: Scope,
): Part {
  const target = receiver as Checked;
  const isNamespace =
    target.op === 'id' &&
    !scope.locals.has(target.args) &&
    target.args !== 'self' &&
    target.args !== 'oldSelf';
  if (isNamespace && target.args === 'cel' && name === 'bind')
    return estimateBinding(args, makingList, scope);
  if (isNamespace) return estimateGlobal(node, `${target.args}.${name}`, args, scope);
  const loop = loopOf(name, args.length);
  if (loop !== undefined) return estimateLoop(node, target, args as readonly Checked[], loop, scope);
  const own = estimate(target, scope);
  if (name === 'optMap' || name === 'optFlatMap') {
    const bound = estimateBinding([args[0] as ASTNode, target, args[1] as ASTNode], makingList + 1, scope);
    const made = plus(name === 'optMap' ? 1 : 0, bound.cost);
    return part(node, scope, plus(1, own.cost, Math.max(1, made)));
  }
  const estimated = args.map((it) => estimate(it, scope));
  const { cost, size } = callCost(name, own, estimated);
  return part(node, scope, plus(own.cost, cost, ...estimated.map((it) => it.cost)), { size });
}

/** A value has a name within the last of three parts. */
function estimateBinding(args: readonly ASTNode[], cost: number, scope: Scope): Part {
  const [name, value, body] = args as unknown as readonly [Checked, Checked, Checked];
  const bound = estimate(value, scope);
  const inner = estimate(body, withLocal(scope, String(name.args), bound));
  return { ...inner, cost: plus(cost, bound.cost, inner.cost) };
}

const withLocal = ({ root, locals }: Scope, name: string, local: Local): Scope => ({
  root,
  locals: new Map([...locals, [name, local]]),
});

/** What cel-go makes of a macro: a loop over a range that gathers something. */
interface Loop {
  readonly variables: 1 | 2;
  /** Beginning, and telling what came out. */
  readonly around: number;
  /** Of each turn, with what its parts cost. */
  turn(parts: readonly number[]): number;
  /** It makes a list or a map as large as the range: of items of it, or of what is made of each. */
  readonly makes?: 'others' | 'same';
}

const quantified = (condition: number): Omit<Loop, 'variables'> => ({
  around: naming,
  // Whether to go on, and what came before.
  turn: ([body = 0]) => plus(condition, naming, body),
});
const counted: Omit<Loop, 'variables'> = { around: 2, turn: ([body = 0]) => plus(body, 2) };
const filtered: Omit<Loop, 'variables'> = {
  ...{ around: makingList + naming, makes: 'same' },
  turn: ([body = 0]) => plus(body, 2 + makingList + naming),
};
/** Adds to what was gathered: a list of one, or a member. */
const mapped = (making: number, adding: number): Omit<Loop, 'variables'> => ({
  ...{ around: making + naming, makes: 'others' },
  turn: (parts) => plus(2 + adding, ...parts),
});

const loops: Readonly<Record<string, Omit<Loop, 'variables'>>> = {
  all: quantified(2),
  exists: quantified(3),
  exists_one: counted,
  existsOne: counted,
  filter: filtered,
  map: mapped(makingList, makingList),
  transformList: mapped(makingList, makingList),
  transformMap: mapped(makingMap, naming),
  transformMapEntry: mapped(makingMap, 0),
};

const oneOrTwo = new Set(['all', 'exists', 'exists_one', 'existsOne']);

function loopOf(name: string, args: number): Loop | undefined {
  const loop = Object.hasOwn(loops, name) ? loops[name] : undefined;
  if (loop === undefined || args < 2) return undefined;
  const hasTwo = name.startsWith('transform') || (oneOrTwo.has(name) && args === 3);
  return { ...loop, variables: hasTwo ? 2 : 1 };
}

function estimateLoop(
  node: Checked,
  target: Checked,
  args: readonly Checked[],
  loop: Loop,
  scope: Scope,
): Part {
  const range = estimate(target, scope);
  const isList = target.checkedType?.kind === 'list';
  const key: Local = isList
    ? { path: [], size: exactly(1), within: undefined }
    : { path: [...range.path, '@keys'], size: range.within?.key, within: undefined };
  const value: Local = {
    path: [...range.path, isList ? '@items' : '@values'],
    ...{ size: range.within?.value, within: undefined },
  };
  const own = loop.variables === 2 ? [key, value] : [isList ? value : key];
  let inner = scope;
  for (const [at, local] of own.entries()) inner = withLocal(inner, String(args[at]?.args), local);
  const parts = args.slice(own.length).map((it) => estimate(it, inner));
  const turn = loop.turn(parts.map(({ cost }) => cost));
  const cost = plus(range.cost, loop.around, times(range.size.max, turn));
  if (loop.makes === undefined) return part(node, scope, cost);
  const made = loop.makes === 'others' ? parts.at(-1)?.size : (sizeAt(scope.root, value.path) ?? value.size);
  const within = { key: range.within?.key ?? unknownSize, value: made ?? unknownSize };
  return part(node, scope, cost, { size: range.size, within });
}

const eitherWithin = (one: Within, other: Within): Within => ({
  key: either(one.key, other.key),
  value: either(one.value, other.value),
});

const scalars = new Set([
  ...['bool', 'double', 'int', 'uint', 'google.protobuf.Duration', 'google.protobuf.Timestamp'],
]);

function part(
  { checkedType }: Checked,
  { root }: Scope,
  cost: number,
  known: {
    readonly path?: Path;
    readonly size?: Size | undefined;
    readonly within?: Within | undefined;
    readonly local?: Local | undefined;
    readonly literal?: unknown;
  } = {},
): Part {
  const { path = [], local } = known;
  const type = checkedType?.name ?? 'dyn';
  const within = known.within ?? local?.within;
  return {
    ...{ cost, path, type, within },
    size: known.size ?? sizeAt(root, path) ?? typeSize(type) ?? local?.size ?? unknownSize,
    itemSize: sizeAt(root, path.length === 0 ? [] : [...path, '@items']) ?? unknownSize,
    itemType: checkedType?.valueType?.name ?? 'dyn',
    ...(typeof known.literal === 'bigint' && { literal: known.literal }),
  };
}

const typeSize = (type: string): Size | undefined => (scalars.has(type) ? exactly(1) : undefined);

/** Whatever the variable is called: both are the same object's. Undefined: nothing is known of it. */
function sizeAt(root: SizedType, path: Path): Size | undefined {
  if (path.length === 0) return undefined;
  let at: SizedType | undefined = root;
  for (const name of path.slice(1)) {
    if (at === undefined) return undefined;
    if (name === '@items' || name === '@values') at = at.element;
    else at = name === '@keys' ? at.key : at.fields?.get(name);
  }
  return at && { min: 0, max: at.maxElements };
}

function literalSize(value: unknown): Size {
  if (typeof value === 'string') return exactly([...value].length);
  return exactly(value instanceof Uint8Array ? value.length : 1);
}
