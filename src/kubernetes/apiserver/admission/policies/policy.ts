import { CelError } from '../../../cel/cel-error.ts';
import type { Program } from '../../../cel/environment.ts';
import { structsAsMaps } from '../../../cel/struct-literals.ts';
import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  objectsIn,
  textOf,
} from '../../../objects/object.ts';
import { PolicyCompiler, type Variable } from './policy-environment.ts';

/** What validating and mutating policies have in common, compiled. */
export interface Policy {
  readonly name: string;
  readonly paramKind: JsonObject | undefined;
  readonly matchConstraints: JsonObject;
  readonly conditions: readonly Expression[];
  readonly variables: readonly Variable[];
  /** `failurePolicy: Ignore`: an expression that can't be evaluated counts as none. */
  readonly failsOpen: boolean;
  readonly validations: readonly Validation[];
  readonly auditAnnotations: readonly Expression[];
  readonly mutations: readonly Mutation[];
  /** `reinvocationPolicy: IfNeeded`: it is asked once more when a webhook has changed the object. */
  readonly reinvokes: boolean;
}

/** With the name, the key or the text that it goes by. */
export interface Expression {
  readonly name: string;
  readonly program: Program;
}

export interface Validation {
  readonly expression: string;
  readonly program: Program;
  readonly message: string;
  readonly ownMessage: Program | undefined;
  readonly reason: string;
}

export interface Mutation {
  readonly patchType: string;
  readonly expression: string;
  readonly program: Program;
}

/** An expression of a policy that is none. */
export interface BrokenExpression {
  /** E.g. `spec.validations[0].expression`. */
  readonly field: string;
  readonly expression: string;
  readonly message: string;
}

const known = new WeakMap<KubernetesObject, Policy>();

/** A policy that was found valid, and is kept. */
export function policyOf(object: KubernetesObject): Policy {
  const found = known.get(object) ?? compilePolicy(object).policy;
  known.set(object, found);
  return found;
}

/** Compiles a policy, as far as it can be. */
export function compilePolicy(object: KubernetesObject): {
  readonly policy: Policy;
  readonly broken: readonly BrokenExpression[];
} {
  const spec = memberOf(object, 'spec');
  const compiler = new PolicyCompiler();
  const broken: BrokenExpression[] = [];
  const tried = <T>(field: string, expression: string, compile: () => T): T | undefined => {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      broken.push({ field, expression, message: error.message });
      return undefined;
    }
  };
  const compiled = (
    of: JsonObject,
    field: string,
    at: string,
    types: readonly string[],
  ): Program | undefined => {
    const expression = textOf(of, field);
    return expression.trim() === ''
      ? undefined
      : tried(`${at}.${field}`, expression, () => compiler.compile(structsAsMaps(expression), types));
  };
  const expressions = (
    list: string,
    name: string,
    field: string,
    types: readonly string[],
  ): readonly Expression[] =>
    objectsIn(spec, list).flatMap((it, index) => {
      const program = compiled(it, field, `spec.${list}[${index}]`, types);
      return program === undefined ? [] : [{ name: textOf(it, name), program }];
    });
  const conditions = expressions('matchConditions', 'name', 'expression', ['bool']);
  for (const [index, it] of objectsIn(spec, 'variables').entries()) {
    const [name, expression] = [textOf(it, 'name'), textOf(it, 'expression')];
    if (expression.trim() !== '')
      tried(`spec.variables[${index}].expression`, expression, () =>
        compiler.declare(name, structsAsMaps(expression)),
      );
  }
  const validations = objectsIn(spec, 'validations').flatMap((it, index): readonly Validation[] => {
    const at = `spec.validations[${index}]`;
    const program = compiled(it, 'expression', at, ['bool']);
    const ownMessage = compiled(it, 'messageExpression', at, ['string']);
    if (program === undefined) return [];
    const message = textOf(it, 'message');
    return [
      { expression: textOf(it, 'expression'), program, message, ownMessage, reason: textOf(it, 'reason') },
    ];
  });
  const policy = {
    name: object.metadata.name,
    paramKind: spec.paramKind === undefined ? undefined : memberOf(spec, 'paramKind'),
    matchConstraints: memberOf(spec, 'matchConstraints'),
    ...{ conditions, variables: compiler.variables, validations },
    failsOpen: textOf(spec, 'failurePolicy') === 'Ignore',
    reinvokes: textOf(spec, 'reinvocationPolicy') === 'IfNeeded',
    auditAnnotations: expressions('auditAnnotations', 'key', 'valueExpression', ['string', 'null']),
    mutations: objectsIn(spec, 'mutations').flatMap((it, index): readonly Mutation[] => {
      const patchType = textOf(it, 'patchType');
      const member = patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
      const program = compiled(memberOf(it, member), 'expression', `spec.mutations[${index}].${member}`, []);
      const expression = textOf(memberOf(it, member), 'expression');
      return program === undefined ? [] : [{ patchType, expression, program }];
    }),
  };
  return { policy, broken };
}
