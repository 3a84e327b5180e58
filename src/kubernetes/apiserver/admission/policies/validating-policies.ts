import type { Json } from '../../../../store/index.ts';
import { CelError } from '../../../cel/cel-error.ts';
import { memberOf, textsIn } from '../../../objects/object.ts';
import { qualifiedName, resourceNamed } from '../../../schema/catalogue.ts';
import { ApiError } from '../../status.ts';
import type { Plugin, Proposed } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { seenIn } from '../versions.ts';
import { labelsOf } from '../webhooks/ask.ts';
import { isExempt } from '../webhooks/matching.ts';
import { type Bound, boundPolicies, NoParamsError, paramsOf } from './bindings.ts';
import { type Evaluation, evaluationOf, isAsked, type Subject, subjectOf } from './evaluation.ts';
import type { Policy, Validation } from './policy.ts';

const group = 'admissionregistration.k8s.io';
const resources = {
  policies: resourceNamed(group, 'validatingadmissionpolicies'),
  bindings: resourceNamed(group, 'validatingadmissionpolicybindings'),
};

/** What a policy has against a write. */
interface Objection {
  readonly message: string;
  readonly reason: string;
  /** Of the expression; undefined: the policy could not be evaluated. */
  readonly index: number | undefined;
}

/** Expressions that judge what is written: each binding of a policy says what becomes of what the policy has against it. */
export function validatingPolicies(context: AdmissionContext): Plugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (attributes) => context.inMemory.all(resources.bindings).length > 0 && !isExempt(attributes),
    validate: async (attributes) => {
      const labels = labelsOf(context, attributes, attributes.object);
      const bound = boundPolicies(context, resources, attributes, labels);
      if (bound.length === 0) return undefined;
      const object = attributes.object as unknown as Json | undefined;
      let denial: ApiError | undefined;
      for (const one of bound) {
        const seen = await seenIn(context, attributes, object, one.version);
        const subject = subjectOf(context, seen.attributes, seen.object);
        for (const objection of await objectionsOf(context, one, attributes, subject))
          denial ??= answered(attributes, one, objection);
      }
      if (denial !== undefined) throw denial;
      return undefined;
    },
  };
}

async function objectionsOf(
  context: AdmissionContext,
  bound: Bound,
  attributes: Proposed,
  subject: Subject,
): Promise<readonly Objection[]> {
  const { policy } = bound;
  const unless = (message: string): readonly Objection[] =>
    policy.failsOpen ? [] : [{ message, reason: '', index: undefined }];
  try {
    const all = await paramsOf(context, bound, attributes);
    return all.flatMap((params) => {
      const evaluation = evaluationOf(policy, subject, params);
      try {
        if (!isAsked(policy, evaluation)) return [];
      } catch (error) {
        if (error instanceof CelError) return unless(error.message);
        throw error;
      }
      annotate(attributes, policy, evaluation);
      return policy.validations.flatMap((validation, index) => judged(policy, validation, index, evaluation));
    });
  } catch (error) {
    if (error instanceof NoParamsError) return unless(`failed to configure binding: ${error.message}`);
    throw error;
  }
}

function judged(
  { failsOpen }: Policy,
  { program, expression, message, ownMessage, reason }: Validation,
  index: number,
  evaluation: Evaluation,
): readonly Objection[] {
  try {
    if (evaluation.evaluate(program) === true) return [];
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    const told = `expression '${expression}' resulted in error: ${error.message}`;
    return failsOpen ? [] : [{ message: told, reason: '', index }];
  }
  const fixed = message === '' ? `failed expression: ${expression.trim()}` : message;
  return [
    { message: ownMessage === undefined ? fixed : wordsOf(ownMessage, evaluation, fixed), reason, index },
  ];
}

function wordsOf(own: NonNullable<Validation['ownMessage']>, evaluation: Evaluation, fixed: string): string {
  try {
    const words = evaluation.evaluate(own);
    return typeof words === 'string' && words.trim() !== '' && !/[\r\n]/.test(words)
      ? words.slice(0, 5_120)
      : fixed;
  } catch (error) {
    if (error instanceof CelError) return fixed;
    throw error;
  }
}

/** What a policy has to say to the audit log, whatever it has against a write. */
function annotate({ by }: Proposed, { name, auditAnnotations }: Policy, evaluation: Evaluation): void {
  for (const { name: key, program } of auditAnnotations) {
    try {
      const value = evaluation.evaluate(program);
      if (typeof value === 'string' && value !== '') by.annotate(`${name}/${key}`, value.slice(0, 10_240));
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
    }
  }
}

/** The reasons that a validation may give, with their codes; without one it is `Invalid`. */
const codes: Readonly<Record<string, number>> = {
  ...{ Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413, Unauthorized: 401 },
};

/** Does what a binding says about an objection. @returns the refusal, if there is to be one. */
function answered(
  { resource, name, by }: Proposed,
  { policy, binding }: Bound,
  { message, reason, index }: Objection,
): ApiError | undefined {
  const actions = textsIn(memberOf(binding, 'spec'), 'validationActions');
  const [policyName, bindingName] = [policy.name, binding.metadata.name];
  const of = `ValidatingAdmissionPolicy '${policyName}' with binding '${bindingName}'`;
  if (actions.includes('Warn')) by.warn(`Validation failed for ${of}: ${message}`);
  if (actions.includes('Audit')) {
    const failure = {
      message,
      policy: policyName,
      binding: bindingName,
      expressionIndex: index ?? 0,
      validationActions: actions,
    };
    by.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
  }
  if (!actions.includes('Deny')) return undefined;
  const why = reason === '' ? 'Invalid' : reason;
  const qualified = qualifiedName(resource);
  const denied = `${of} denied request: ${message}`;
  return new ApiError(
    codes[why] ?? 422,
    why,
    `${qualified} ${JSON.stringify(name)} is forbidden: ${denied}`,
    {
      ...{ name, group: resource.group, kind: resource.name },
      causes: [{ reason: '', message: denied }],
    },
  );
}
