import { type ASTNode, type Environment, Optional } from '@marcbachmann/cel-js';
import { CelError } from '../cel-error.ts';

/** What the library hands to macros, as far as it is used here. */
interface TypeDeclaration {
  readonly kind: string;
  readonly keyType?: TypeDeclaration;
  readonly valueType?: TypeDeclaration;
  isDynOrBool(): boolean;
  toString(): string;
}
interface Checker {
  check(ast: ASTNode, context: Context): TypeDeclaration;
  getType(name: string): TypeDeclaration;
  createError(code: string, message: string, ast: ASTNode): Error;
  readonly registry: {
    getListType(item: TypeDeclaration): TypeDeclaration;
    getMapType(key: TypeDeclaration, value: TypeDeclaration): TypeDeclaration;
    getOptionalType(value: TypeDeclaration): TypeDeclaration;
  };
}
interface Evaluator {
  run(ast: ASTNode, context: Context): unknown;
}
/** What variables are, and of which types. */
interface Context {
  forkWithVariable(name: string, type: TypeDeclaration): Context;
  reuse(outer: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}
interface MacroCall {
  readonly receiver: ASTNode;
  readonly args: readonly ASTNode[];
}

/** The parts of a macro's body for one item. */
type Body = (part: number) => unknown;
type Items = Iterable<readonly [key: unknown, value: unknown]>;

interface Rule {
  /** Which parts of the body have to be of the type bool. */
  readonly conditions: readonly number[];
  typeOf(checker: Checker, parts: readonly TypeDeclaration[], key: TypeDeclaration): TypeDeclaration;
  /** @param bodyOf What is said of an item. */
  run(items: Items, bodyOf: (key: unknown, value: unknown) => Body): unknown;
}

const bool = (checker: Checker): TypeDeclaration => checker.getType('bool');
const lastOf = (parts: readonly TypeDeclaration[]): TypeDeclaration => parts.at(-1) as TypeDeclaration;

/** An error counts only where no other item decides. @param decisive The answer of one item that decides. */
const quantifier = (decisive: boolean): Rule => ({
  conditions: [0],
  typeOf: bool,
  run(items, bodyOf) {
    let failed: { readonly error: unknown } | undefined;
    for (const [key, value] of items) {
      try {
        if (bodyOf(key, value)(0) === decisive) return decisive;
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
    return !decisive;
  },
});

const existsOne: Rule = {
  conditions: [0],
  typeOf: bool,
  run: (items, bodyOf) => [...items].filter(([key, value]) => bodyOf(key, value)(0) === true).length === 1,
};

/** @param hasFilter The first part of the body says which items are taken. */
function transform(
  hasFilter: boolean,
  { typeOf, collect }: Pick<Rule, 'typeOf'> & { collect(made: Items): unknown },
): Rule {
  return {
    conditions: hasFilter ? [0] : [],
    typeOf,
    run(items, bodyOf) {
      const made: (readonly [unknown, unknown])[] = [];
      for (const [key, value] of items) {
        const body = bodyOf(key, value);
        if (!hasFilter || body(0) === true) made.push([key, body(hasFilter ? 1 : 0)]);
      }
      return collect(made);
    },
  };
}

const toList = {
  typeOf: ({ registry }: Checker, parts: readonly TypeDeclaration[]) => registry.getListType(lastOf(parts)),
  collect: (made: Items) => [...made].map(([, value]) => value),
};
const toMap = {
  typeOf: ({ registry }: Checker, parts: readonly TypeDeclaration[], key: TypeDeclaration) =>
    registry.getMapType(key, lastOf(parts)),
  collect: (made: Items) => new Map(made),
};
/** Each item makes a map of its own, such as `{value: key}`. */
const toEntries = {
  typeOf: (_: Checker, parts: readonly TypeDeclaration[]) => lastOf(parts),
  collect(made: Items) {
    const all = new Map<unknown, unknown>();
    for (const [, own] of made)
      for (const [key, value] of itemsOf(own)) {
        if (all.has(key))
          throw new CelError(`insert failed: key ${JSON.stringify(String(key))} already exists`);
        all.set(key, value);
      }
    return all;
  },
};

/**
 * CEL's macros with two variables, the index and the item of a list, or the key and the value of a map; those of optional values;
 * and `existsOne`, as `exists_one` is called since.
 */
export function addMacros(environment: Environment): void {
  const two: readonly (readonly [name: string, parts: number, rule: Rule])[] = [
    ['all', 1, quantifier(false)],
    ['exists', 1, quantifier(true)],
    ['exists_one', 1, existsOne],
    ['existsOne', 1, existsOne],
    ['transformList', 1, transform(false, toList)],
    ['transformList', 2, transform(true, toList)],
    ['transformMap', 1, transform(false, toMap)],
    ['transformMap', 2, transform(true, toMap)],
    ['transformMapEntry', 1, transform(false, toEntries)],
    ['transformMapEntry', 2, transform(true, toEntries)],
  ];
  const ast = (count: number): string => Array.from({ length: count }, () => 'ast').join(', ');
  for (const [name, parts, rule] of two)
    environment.registerFunction(`list.${name}(${ast(2 + parts)}): dyn`, (call: MacroCall) =>
      comprehension(call, 2, rule),
    );
  environment.registerFunction('list.existsOne(ast, ast): bool', (call: MacroCall) =>
    comprehension(call, 1, existsOne),
  );
  environment.registerFunction(
    'OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>',
    (_: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
  );
  for (const isFlat of [false, true])
    environment.registerFunction(
      `optional.${isFlat ? 'optFlatMap' : 'optMap'}(ast, ast): dyn`,
      (call: MacroCall) => optionalMacro(call, isFlat),
    );
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return value === null || value === false || value === '' || value === 0 || value === 0n;
}

function nameOf(ast: ASTNode | undefined): string {
  if (ast?.op !== 'id') throw new CelError('argument must be a simple name');
  return ast.args as string;
}

/** @param count Of variables: one is the item of a list, or the key of a map. */
function comprehension({ receiver, args }: MacroCall, count: 1 | 2, rule: Rule) {
  const names = args.slice(0, count).map(nameOf);
  const body = args.slice(count);
  let contexts: readonly Context[] = [];
  return {
    async: false,
    typeCheck(checker: Checker, _: unknown, outer: Context): TypeDeclaration {
      const range = checker.check(receiver, outer);
      const types = typesOf(checker, range, receiver);
      const own = count === 2 ? types : [range.kind === 'map' ? types[0] : types[1]];
      let context = outer;
      contexts = names.map((name, at) => {
        context = context.forkWithVariable(name, own[at] ?? types[1]);
        return context;
      });
      const parts = body.map((part) => checker.check(part, context));
      for (const at of rule.conditions)
        if (parts[at]?.isDynOrBool() === false)
          throw checker.createError(
            'invalid_macro_argument',
            'predicate must return bool',
            body[at] as ASTNode,
          );
      return rule.typeOf(checker, parts, types[0]);
    },
    evaluate(evaluator: Evaluator, _: unknown, outer: Context): unknown {
      const items = evaluator.run(receiver, outer);
      return rule.run(itemsOf(items), (key, value) => {
        const values = count === 2 ? [key, value] : [Array.isArray(items) ? value : key];
        let context = outer;
        for (const [at, own] of contexts.entries())
          context = own.reuse(context).setIterValue(values[at], evaluator);
        return (part) => evaluator.run(body[part] as ASTNode, context);
      });
    },
  };
}

function typesOf(
  checker: Checker,
  range: TypeDeclaration,
  ast: ASTNode,
): readonly [key: TypeDeclaration, value: TypeDeclaration] {
  const dyn = checker.getType('dyn');
  if (range.kind === 'list') return [checker.getType('int'), range.valueType ?? dyn];
  if (range.kind === 'map') return [range.keyType ?? dyn, range.valueType ?? dyn];
  if (range.kind === 'dyn') return [dyn, dyn];
  const message = `Expression of type '${range}' cannot be range of a comprehension (must be list, map, or dynamic).`;
  throw checker.createError('invalid_comprehension_range', message, ast);
}

function itemsOf(value: unknown): Items {
  if (Array.isArray(value)) return value.map((item, at) => [BigInt(at), item]);
  if (value instanceof Map) return value;
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  throw new CelError('the range of a comprehension must be a list or a map');
}

function optionalMacro({ receiver, args }: MacroCall, isFlat: boolean) {
  const [name, body] = [nameOf(args[0]), args[1] as ASTNode];
  let own: Context | undefined;
  return {
    async: false,
    typeCheck(checker: Checker, _: unknown, outer: Context): TypeDeclaration {
      const optional = checker.check(receiver, outer);
      const context = outer.forkWithVariable(name, optional.valueType ?? checker.getType('dyn'));
      own = context;
      const type = checker.check(body, context);
      return isFlat ? type : checker.registry.getOptionalType(type);
    },
    evaluate(evaluator: Evaluator, _: unknown, outer: Context): unknown {
      const optional = evaluator.run(receiver, outer);
      if (!(optional instanceof Optional)) throw new CelError('no such overload: optMap');
      if (!optional.hasValue() || own === undefined) return Optional.none();
      const made = evaluator.run(body, own.reuse(outer).setIterValue(optional.value(), evaluator));
      return isFlat ? made : Optional.of(made);
    },
  };
}
