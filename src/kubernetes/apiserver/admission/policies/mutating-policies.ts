import { type Json, jsonEqual } from '../../../../store/index.ts';
import { CelError } from '../../../cel/cel-error.ts';
import { jsonOf } from '../../../cel/json-of.ts';
import { NamelessItemError } from '../../../managed-fields/list-items.ts';
import { merge } from '../../../managed-fields/merge.ts';
import { shapeOf } from '../../../managed-fields/track.ts';
import { isJsonObject, type JsonObject, memberOf } from '../../../objects/object.ts';
import { applyJsonPatch } from '../../../patch/json-patch.ts';
import { qualifiedName, resourceNamed } from '../../../schema/catalogue.ts';
import { ApiError } from '../../status.ts';
import { type Changeable, type Plugin, writtenKind } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { replaceDraft } from '../replace-draft.ts';
import { asAsked, seenIn } from '../versions.ts';
import { labelsOf } from '../webhooks/ask.ts';
import { isExempt } from '../webhooks/matching.ts';
import { type Bound, boundPolicies, NoParamsError, paramsOf } from './bindings.ts';
import { evaluationOf, isAsked, subjectOf } from './evaluation.ts';
import type { Mutation } from './policy.ts';

const group = 'admissionregistration.k8s.io';
const resources = {
  policies: resourceNamed(group, 'mutatingadmissionpolicies'),
  bindings: resourceNamed(group, 'mutatingadmissionpolicybindings'),
};

/** Expressions that change what is written: each sees what those before it have left. */
export function mutatingPolicies(context: AdmissionContext): Plugin {
  return {
    name: 'MutatingAdmissionPolicy',
    handles: (attributes) => context.inMemory.all(resources.bindings).length > 0 && !isExempt(attributes),
    mutate: async (attributes) => {
      const { draft, rounds } = attributes;
      if (draft === undefined) return undefined;
      const labels = labelsOf(context, attributes, draft as never);
      for (const bound of boundPolicies(context, resources, attributes, labels))
        if (!rounds.isSecond || bound.policy.reinvokes) await mutate(context, bound, attributes);
      return undefined;
    },
  };
}

async function mutate(context: AdmissionContext, bound: Bound, attributes: Changeable): Promise<void> {
  const { policy, binding } = bound;
  const { draft, resource, name } = attributes;
  if (draft === undefined) return;
  try {
    for (const params of await paramsOf(context, bound, attributes)) {
      for (const [index, mutation] of policy.mutations.entries()) {
        const seen = await seenIn(context, attributes, structuredClone(draft) as never, bound.version);
        const before = seen.object as JsonObject;
        const evaluation = evaluationOf(policy, subjectOf(context, seen.attributes, before), params);
        if (index === 0 && !isAsked(policy, evaluation)) break;
        const value = jsonOf(evaluation.evaluate(mutation.program));
        const after = changed(writtenKind(seen.attributes), before, mutation, value);
        if (jsonEqual(after, before)) continue;
        const own = withOwnMetadata(before, after);
        replaceDraft(draft, attributes, await asAsked(context, own, seen.attributes));
        attributes.rounds.isPatched = true;
      }
    }
  } catch (error) {
    if (!(error instanceof CelError || error instanceof NoParamsError)) throw error;
    if (policy.failsOpen) return;
    const told = `policy '${policy.name}' with binding '${binding.metadata.name}' denied request: ${error.message}`;
    throw new ApiError(
      422,
      'Invalid',
      `${qualifiedName(resource)} ${JSON.stringify(name)} is forbidden: ${told}`,
      {
        ...{ name, group: resource.group, kind: resource.name },
        causes: [{ reason: '', message: told }],
      },
    );
  }
}

/** Of the metadata only that which a client may set as well. */
function withOwnMetadata(before: JsonObject, after: JsonObject): JsonObject {
  const { labels, annotations, ownerReferences, finalizers } = memberOf(after, 'metadata');
  const metadata: Record<string, Json> = { ...memberOf(before, 'metadata') };
  for (const [name, value] of Object.entries({ labels, annotations, ownerReferences, finalizers })) {
    if (value === undefined) delete metadata[name];
    else metadata[name] = value;
  }
  return { ...after, metadata };
}

/** @throws {CelError} the value is no change of an object, or does not fit this one. */
function changed(
  kind: ReturnType<typeof writtenKind>,
  object: JsonObject,
  { patchType }: Mutation,
  value: Json,
): JsonObject {
  if (patchType === 'JSONPatch') {
    try {
      return applyJsonPatch(object, value) as JsonObject;
    } catch (error) {
      if (error instanceof ApiError) throw new CelError(error.message, { cause: error });
      throw error;
    }
  }
  if (!isJsonObject(value)) throw new CelError('an ApplyConfiguration must evaluate to an Object');
  try {
    return merge(shapeOf(kind), object, value) as JsonObject;
  } catch (error) {
    if (error instanceof NamelessItemError) throw new CelError(error.message, { cause: error });
    throw error;
  }
}
