import { type Json, jsonEqual } from '../../../../store/index.ts';
import type { JsonObject } from '../../../objects/object.ts';
import { applyJsonPatch } from '../../../patch/json-patch.ts';
import { resourceNamed } from '../../../schema/catalogue.ts';
import { ApiError } from '../../status.ts';
import type { Changeable, Plugin } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { replaceDraft } from '../replace-draft.ts';
import { asAsked, type Seen, seenIn } from '../versions.ts';
import { ask, labelsOf } from './ask.ts';
import { wantsToBeAsked } from './match-conditions.ts';
import { isExempt, versionMeant } from './matching.ts';
import { currentWebhooks, type Webhook } from './webhook.ts';

const configurations = resourceNamed('admissionregistration.k8s.io', 'mutatingwebhookconfigurations');

/**
 * Webhooks that change what is written, one after the other, each of what the one before it has left. When one has changed
 * something, the rules before it run once more, and then those webhooks that want to see what came after them.
 */
export function mutatingWebhooks(context: AdmissionContext): Plugin {
  const webhooks = currentWebhooks(context, configurations);
  return {
    name: 'MutatingAdmissionWebhook',
    handles: (attributes) => webhooks().length > 0 && !isExempt(attributes),
    mutate: async (attributes) => {
      const { draft, rounds } = attributes;
      // What rules have changed since the first round is new to all who want to know.
      const isNew = rounds.isSecond && !jsonEqual(draft as Json | undefined, rounds.left);
      if (isNew) for (const id of rounds.asked) rounds.due.add(id);
      for (const webhook of webhooks()) {
        if (rounds.isSecond && !rounds.due.has(webhook.id)) continue;
        const labels = labelsOf(context, attributes, draft);
        const version = versionMeant(context, webhook, attributes, labels);
        if (version === undefined) continue;
        const seen = await seenIn(context, attributes, draft as Json | undefined, version);
        if (!wantsToBeAsked(context, webhook, seen.attributes, seen.object)) continue;
        const hasChanged = await invoke(context, webhook, attributes, seen);
        if (hasChanged) {
          rounds.hasChanged = true;
          rounds.isPatched = true;
          for (const id of rounds.asked) rounds.due.add(id);
        }
        if (webhook.reinvokes) rounds.asked.add(webhook.id);
        rounds.due.delete(webhook.id);
      }
      rounds.left = structuredClone(draft) as Json | undefined;
      return undefined;
    },
  };
}

/** @returns whether it has changed the object. */
async function invoke(
  context: AdmissionContext,
  webhook: Webhook,
  attributes: Changeable,
  seen: Seen<Changeable>,
): Promise<boolean> {
  const { draft } = attributes;
  const reviewed = await ask(context, webhook, seen.attributes, seen.object, true);
  if (reviewed?.patch === undefined) return false;
  if (draft === undefined) {
    throw failure(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  const before = structuredClone(draft) as Json;
  const changed = patched(structuredClone(seen.object ?? null), reviewed.patch);
  replaceDraft(draft, attributes, await asAsked(context, changed, seen.attributes));
  return !jsonEqual(draft as Json, before);
}

function patched(object: Json, patch: Json): JsonObject {
  try {
    return applyJsonPatch(object, patch) as JsonObject;
  } catch (error) {
    if (error instanceof ApiError) throw failure(error.message);
    throw error;
  }
}

const failure = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
