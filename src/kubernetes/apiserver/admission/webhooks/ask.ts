import { uuid } from '../../../../clock/index.ts';
import type { Json } from '../../../../store/index.ts';
import { resourceNamed } from '../../../schema/catalogue.ts';
import { WebhookCallError } from '../../../webhooks/webhook-client.ts';
import { ApiError, badRequest } from '../../status.ts';
import { reviewOf } from '../admission-review.ts';
import type { Attributes } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import type { Labelled } from './matching.ts';
import { denial, type Reviewed, readReview } from './review.ts';
import type { Webhook } from './webhook.ts';

const namespaces = resourceNamed('', 'namespaces');

/**
 * Asks a webhook about a write.
 * @returns what it said when it allows it; undefined: it gave no answer and may be done without.
 * @throws {ApiError} it refuses, or gave no answer and is needed.
 */
export async function ask(
  { random, log, signal, webhookClient }: AdmissionContext,
  webhook: Webhook,
  attributes: Attributes,
  object: Json | undefined,
  isMutating: boolean,
): Promise<Reviewed | undefined> {
  const { name, reviewVersion, timeoutSeconds, config } = webhook;
  if (attributes.isDryRun && !webhook.supportsDryRun)
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  const asked = { uid: uuid(random), reviewVersion, isMutating };
  try {
    const reviewed = await called(() =>
      webhookClient.post(config, reviewOf(attributes, object, asked), { timeoutSeconds, signal }),
    ).then((answer) => checked(() => readReview(answer, asked)));
    for (const warning of reviewed.warnings) attributes.by.warn(warning);
    for (const [key, value] of reviewed.auditAnnotations) attributes.by.annotate(`${name}/${key}`, value);
    if (!reviewed.isAllowed) throw denial(webhook, reviewed.status);
    return reviewed;
  } catch (error) {
    if (!(error instanceof WebhookCallError)) throw error;
    const failed = `failed calling webhook ${JSON.stringify(name)}: ${error.message}`;
    if (!webhook.failsOpen)
      throw new ApiError(500, 'InternalError', `Internal error occurred: ${failed}`, {
        causes: [{ reason: '', message: failed }],
      });
    log.warn('A webhook of a Kubernetes cluster gave no answer; the write goes on without', { failed });
    return undefined;
  }
}

const called = <T>(call: () => Promise<T>): Promise<T> =>
  call().catch((error: unknown) => {
    if (!(error instanceof WebhookCallError)) throw error;
    throw new WebhookCallError(`failed to call webhook: ${error.message}`);
  });

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WebhookCallError)) throw error;
    throw new WebhookCallError(`received invalid webhook response: ${error.message}`);
  }
}

/** @param object What is proposed; undefined: it is deleted. */
export function labelsOf(
  { inMemory }: AdmissionContext,
  { resource, namespace, before }: Attributes,
  object: { readonly metadata: object } | undefined,
): Labelled {
  const own = (of: { readonly metadata: object } | undefined) =>
    of === undefined
      ? undefined
      : ((of.metadata as { readonly labels?: Readonly<Record<string, string>> }).labels ?? {});
  const labels = { object: own(object), before: own(before) };
  if (resource === namespaces) return { ...labels, namespace: labels.object ?? labels.before };
  if (namespace === undefined) return { ...labels, namespace: undefined };
  return { ...labels, namespace: own(inMemory.get(namespaces, undefined, namespace)) ?? {} };
}
