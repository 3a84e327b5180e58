import type { Json } from '../../../../store/index.ts';
import { AuthorizerValue } from '../../../cel/authorizer.ts';
import { type Budget, callLimit, totalLimit } from '../../../cel/budget.ts';
import { CelError } from '../../../cel/cel-error.ts';
import type { Program } from '../../../cel/environment.ts';
import { plainValue } from '../../../cel/schema-types.ts';
import type { KubernetesObject } from '../../../objects/object.ts';
import { resourceNamed } from '../../../schema/catalogue.ts';
import { reviewOf } from '../admission-review.ts';
import type { Attributes } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import type { Policy } from './policy.ts';
import { Variables } from './policy-environment.ts';

const namespaces = resourceNamed('', 'namespaces');

/** Evaluates the expressions of one policy about one write. */
export interface Evaluation {
  /** @throws {CelError} */
  evaluate(program: Program): unknown;
}

/** What all policies say of one write. */
export interface Subject {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly namespaceObject: unknown;
  readonly authorizer: AuthorizerValue;
}

/** @param object As it is proposed; undefined: it is deleted. */
export function subjectOf(
  { inMemory, authorizer }: Pick<AdmissionContext, 'authorizer' | 'inMemory'>,
  attributes: Attributes,
  object: Json | undefined,
): Subject {
  const { resource, subresource = '', namespace, name, before, by } = attributes;
  const own = namespace === undefined ? undefined : inMemory.get(namespaces, undefined, namespace);
  const review = reviewOf(attributes, undefined, { uid: '', reviewVersion: 'v1' }) as {
    readonly request: Json;
  };
  const {
    object: _,
    oldObject: _old,
    uid: _uid,
    ...request
  } = review.request as { readonly [key: string]: Json };
  return {
    object: plainValue(object ?? null),
    oldObject: plainValue((before as unknown as Json | undefined) ?? null),
    request: plainValue(request),
    namespaceObject: plainValue((own as unknown as Json | undefined) ?? null),
    authorizer: new AuthorizerValue(authorizer, by.user, {
      ...{ group: resource.group, resource: resource.name, subresource, namespace: namespace ?? '', name },
    }),
  };
}

/** With one object of its parameters, or none. Variables are evaluated once, and only if somebody names them. */
export function evaluationOf(
  policy: Pick<Policy, 'variables'>,
  subject: Subject,
  params: KubernetesObject | undefined,
): Evaluation {
  const budget: Budget = { perCall: callLimit, left: totalLimit };
  const variables = new Variables();
  const context = {
    ...subject,
    params: plainValue((params as unknown as Json | undefined) ?? null),
    variables,
  };
  for (const { name, program } of policy.variables) {
    let found: { readonly value: unknown } | undefined;
    Object.defineProperty(variables, name, {
      enumerable: true,
      get: () => {
        // Named within an evaluation, it counts as a part of that one.
        found ??= { value: program.evaluate(context, budget) };
        return found.value;
      },
    });
  }
  return { evaluate: (program) => program.evaluate(context, budget) };
}

/** Whether all conditions of a policy hold. @throws {CelError} none is false, and one can't be told. */
export function isAsked({ conditions }: Pick<Policy, 'conditions'>, evaluation: Evaluation): boolean {
  let broken: CelError | undefined;
  for (const { name, program } of conditions) {
    try {
      if (evaluation.evaluate(program) !== true) return false;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      broken ??= new CelError(`matchCondition '${name}' resulted in error: ${error.message}`, {
        cause: error,
      });
    }
  }
  if (broken !== undefined) throw broken;
  return true;
}
