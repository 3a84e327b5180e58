import type { Json } from '../../../../store/index.ts';
import { resourceNamed } from '../../../schema/catalogue.ts';
import type { Plugin } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { ask, labelsOf } from './ask.ts';
import { wantsToBeAsked } from './match-conditions.ts';
import { isExempt, isMeant } from './matching.ts';
import { currentWebhooks } from './webhook.ts';

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
      const meant = webhooks().filter((webhook) => isMeant(webhook, attributes, labels));
      const asked = meant.filter((webhook) => wantsToBeAsked(context, webhook, attributes, object));
      const outcomes = await Promise.allSettled(
        asked.map((webhook) => ask(context, webhook, attributes, object, false)),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      return undefined;
    },
  };
}
