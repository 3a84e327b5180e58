import { type ASTNode, Optional } from '@marcbachmann/cel-js';
import { nodesIn } from './nodes.ts';

/** What the library knows of types. */
interface TypeDeclaration {
  readonly kind: string;
  readonly name: string;
  readonly hasDynType: boolean;
  readonly hasPlaceholderType: boolean;
  readonly keyType?: TypeDeclaration;
  readonly valueType?: TypeDeclaration;
}
interface Checker {
  check(ast: ASTNode, context: unknown): TypeDeclaration;
  getType(name: string): TypeDeclaration;
  createError(code: string, message: string, ast: ASTNode): Error;
  /** What is read of a value, of which a type with fields has to have it. */
  checkAccessOnType(ast: ASTNode, context: unknown, type: TypeDeclaration): TypeDeclaration;
}
interface Evaluator {
  run(ast: ASTNode, context: unknown): unknown;
  debugType(value: unknown): {
    fieldLazy(value: unknown, name: string, ast: ASTNode, evaluator: Evaluator): unknown;
  };
}
type Checked = ASTNode & { readonly checkedType?: TypeDeclaration };
type Checks = { check(checker: Checker, ast: ASTNode, context: unknown): TypeDeclaration };
type WithMeta = ASTNode & { setMeta(key: 'macro', value: object): void };

/**
 * `has(a.b)` looks for the field where types are known, and takes whatever `a` is; the library's own does not look, and takes
 * paths of names alone.
 * @param ast Read, and not yet checked.
 */
export function withCheckedPresence(ast: ASTNode): void {
  for (const node of nodesIn(ast))
    if (node.op === 'call' && node.args[0] === 'has' && node.args[1].length === 1)
      (node as WithMeta).setMeta('macro', presence(node, node.args[1][0] as ASTNode));
}

/**
 * `a.?b` is of a field that there may be: where `a` is of a type that has no such field there is none; the library takes it.
 * @param ast Read, and not yet checked.
 */
export function withCheckedOptionalFields(ast: ASTNode): void {
  for (const node of nodesIn(ast)) if (node.op === '.?') checkField(node, node as ASTNode & Checks);
}

function checkField(node: ASTNode & { readonly op: '.?' }, checks: Checks): void {
  const { check } = checks;
  checks.check = (checker, ast, context) => {
    const found = check.call(checks, checker, ast, context);
    const of = checker.check(node.args[0], context);
    checker.checkAccessOnType(node, context, (of.kind === 'optional' && of.valueType) || of);
    return found;
  };
}

function presence(call: ASTNode, field: ASTNode) {
  return {
    async: false,
    typeCheck(checker: Checker, _: unknown, context: unknown): TypeDeclaration {
      if (field.op !== '.')
        throw checker.createError('invalid_macro_argument', 'invalid argument to has() macro', field);
      checker.check(field.args[0], context);
      try {
        checker.check(field, context);
      } catch (error) {
        // It is the test that names the field, so that is where it is told.
        if (error instanceof Error && 'code' in error)
          throw checker.createError(String(error.code), error.message, call);
        throw error;
      }
      return checker.getType('bool');
    },
    evaluate(evaluator: Evaluator, _: unknown, context: unknown): boolean {
      const [operand, name] = field.args as [ASTNode, string];
      const found = evaluator.run(operand, context);
      const value = found instanceof Optional ? (found.hasValue() ? found.value() : undefined) : found;
      if (value === undefined) return false;
      return evaluator.debugType(value).fieldLazy(value, name, field, evaluator) !== undefined;
    },
  };
}

/** A map is asked for keys of its own type; the library does not look. @param ast Checked. */
export function wrongMapKey(ast: ASTNode): object | undefined {
  for (const node of nodesIn(ast)) {
    if (node.op !== '[]' && node.op !== '[?]') continue;
    const [of, key] = node.args as readonly [Checked, Checked];
    const type = of.checkedType?.kind === 'optional' ? of.checkedType.valueType : of.checkedType;
    const [wanted, given] = [type?.keyType, key.checkedType];
    if (type?.kind !== 'map' || wanted === undefined || given === undefined) continue;
    if ([wanted, given].some((it) => it.hasDynType || it.hasPlaceholderType)) continue;
    if (wanted.name !== given.name) return Object.assign(new Error(), { code: 'invalid_index_type', node });
  }
  return undefined;
}
