import type { Json } from '../../../../store/index.ts';
import {
  isJsonObject,
  type JsonObject,
  memberOf,
  numberOf,
  textOf,
  textsIn,
} from '../../../objects/object.ts';
import { WebhookCallError } from '../../../webhooks/webhook-client.ts';
import { ApiError, type StatusDetails } from '../../status.ts';
import { admissionGroup } from '../admission-review.ts';
import type { Webhook } from './webhook.ts';

/** What a webhook said, found to be in order. */
export interface Reviewed {
  readonly isAllowed: boolean;
  /** A `Status`; of a refusal. */
  readonly status: JsonObject | undefined;
  /** A JSON patch; undefined: none. */
  readonly patch: Json | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: readonly (readonly [key: string, value: string])[];
}

/**
 * Reads the answer of a webhook, which may lie.
 * @throws {WebhookCallError} it answers something else, or something that a webhook of its kind may not say.
 */
export function readReview(
  answer: JsonObject,
  asked: { readonly uid: string; readonly reviewVersion: string; readonly isMutating: boolean },
): Reviewed {
  const given = `${textOf(answer, 'apiVersion')}, Kind=${textOf(answer, 'kind')}`;
  const wanted = `${admissionGroup}/${asked.reviewVersion}, Kind=AdmissionReview`;
  if (!isJsonObject(answer.response)) throw new WebhookCallError('webhook response was absent');
  const { response } = answer;
  // The older form neither says for which request nor what it is.
  if (asked.reviewVersion === 'v1') {
    const uid = textOf(response, 'uid');
    if (uid !== asked.uid)
      throw new WebhookCallError(
        `expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`,
      );
    if (given !== wanted) throw new WebhookCallError(`expected webhook response of ${wanted}, got ${given}`);
  }
  return {
    isAllowed: response.allowed === true,
    status: isJsonObject(response.status) ? response.status : undefined,
    patch: patchOf(response, asked),
    warnings: textsIn(response, 'warnings'),
    auditAnnotations: Object.entries(memberOf(response, 'auditAnnotations')).map(([key, value]) => [
      key,
      String(value),
    ]),
  };
}

function patchOf(
  response: JsonObject,
  { isMutating, reviewVersion }: { readonly isMutating: boolean; readonly reviewVersion: string },
): Json | undefined {
  const text = textOf(response, 'patch');
  const { patchType } = response;
  const hasType = patchType !== undefined && patchType !== null;
  if (!isMutating) {
    if (text !== '') throw new WebhookCallError('validating webhook may not return response.patch');
    if (hasType) throw new WebhookCallError('validating webhook may not return response.patchType');
    return undefined;
  }
  const isOlder = reviewVersion !== 'v1';
  if (text !== '' && !hasType && !isOlder)
    throw new WebhookCallError('webhook returned response.patch but not response.patchType');
  if (text === '' && hasType && !isOlder)
    throw new WebhookCallError('webhook returned response.patchType but not response.patch');
  if (text === '') return undefined;
  if (hasType && patchType !== 'JSONPatch')
    throw new WebhookCallError(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`);
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString()) as Json;
  } catch {
    throw new WebhookCallError('webhook returned a response.patch that is no JSON in base64');
  }
}

/** The refusal of a write by a webhook, with the status that it gave. */
export function denial({ name }: Webhook, status: JsonObject | undefined): ApiError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const message = textOf(status, 'message');
  const reason = textOf(status, 'reason');
  const why = message !== '' ? message : reason;
  const code = numberOf(status, 'code');
  const details = memberOf(status, 'details') as StatusDetails;
  return new ApiError(
    // Whoever refuses does not say that all is well.
    code >= 400 && code < 600 ? code : 400,
    reason,
    why === '' ? `${denied} without explanation` : `${denied}: ${why}`,
    Object.keys(details).length > 0 ? details : undefined,
  );
}
