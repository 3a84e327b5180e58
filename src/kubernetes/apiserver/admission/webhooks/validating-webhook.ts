import type { Json } from '../../../../store/index.ts';
import { resourceNamed } from '../../../schema/catalogue.ts';
import type { Plugin, Proposed } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { type Seen, seenIn } from '../versions.ts';
import { ask, labelsOf } from './ask.ts';
import { wantsToBeAsked } from './match-conditions.ts';
import { isExempt, versionMeant } from './matching.ts';
import { currentWebhooks, type Webhook } from './webhook.ts';

const configurations = resourceNamed('admissionregistration.k8s.io', 'validatingwebhookconfigurations');

/** Webhooks that judge what is written, all at the same time; of several refusals the first in their order is told. */
export function validatingWebhooks(context: AdmissionContext): Plugin {
  const webhooks = currentWebhooks(context, configurations);
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (attributes) => webhooks().length > 0 && !isExempt(attributes),
    validate: async (attributes) => {
      const object = attributes.object as unknown as Json | undefined;
      const labels = labelsOf(context, attributes, attributes.object);
      const asked: { readonly webhook: Webhook; readonly seen: Seen<Proposed> }[] = [];
      for (const webhook of webhooks()) {
        const version = versionMeant(context, webhook, attributes, labels);
        if (version === undefined) continue;
        const seen = await seenIn(context, attributes, object, version);
        if (wantsToBeAsked(context, webhook, seen.attributes, seen.object)) asked.push({ webhook, seen });
      }
      const outcomes = await Promise.allSettled(
        asked.map(({ webhook, seen }) => ask(context, webhook, seen.attributes, seen.object, false)),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      return undefined;
    },
  };
}
