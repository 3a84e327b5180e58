import type { Json } from '../../../../store/index.ts';
import { CelError } from '../../../cel/cel-error.ts';
import { type JsonObject, objectsIn, textOf } from '../../../objects/object.ts';
import { forbidden } from '../../status.ts';
import type { Attributes } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { evaluationOf, isAsked, subjectOf } from '../policies/evaluation.ts';
import type { BrokenExpression, Expression } from '../policies/policy.ts';
import { PolicyCompiler } from '../policies/policy-environment.ts';

/** What policies have and webhooks have not. */
const ofPolicies = ['namespaceObject', 'params', 'variables'];

/** The `matchConditions` of a webhook, as far as they can be compiled. @param at Of the webhook, e.g. `webhooks[0]`. */
export function compileConditions(
  webhook: JsonObject,
  at: string,
): { readonly conditions: readonly Expression[]; readonly broken: readonly BrokenExpression[] } {
  const conditions: Expression[] = [];
  const broken: BrokenExpression[] = [];
  const compiler = new PolicyCompiler();
  for (const [index, it] of objectsIn(webhook, 'matchConditions').entries()) {
    const expression = textOf(it, 'expression');
    try {
      const program = compiler.compile(expression, ['bool']);
      const unknown = ofPolicies.find((name) => program.names.has(name));
      if (unknown !== undefined)
        throw new CelError(`compilation failed: undeclared reference to '${unknown}' (in container '')`);
      conditions.push({ name: textOf(it, 'name'), program });
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      broken.push({
        field: `${at}.matchConditions[${index}].expression`,
        expression,
        message: error.message,
      });
    }
  }
  return { conditions, broken };
}

/** A webhook, as far as its conditions are concerned. */
interface Conditional {
  readonly conditions: readonly Expression[];
  readonly failsOpen: boolean;
}

/** Whether a webhook that is meant wants to be asked. @throws {ApiError} 403: it can't be told, and the webhook is needed. */
export function wantsToBeAsked(
  context: AdmissionContext,
  { conditions, failsOpen }: Conditional,
  attributes: Attributes,
  object: Json | undefined,
): boolean {
  if (conditions.length === 0) return true;
  const evaluation = evaluationOf({ variables: [] }, subjectOf(context, attributes, object), undefined);
  try {
    return isAsked({ conditions }, evaluation);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    if (failsOpen) return false;
    throw forbidden(attributes.resource, attributes.name, error.message);
  }
}
