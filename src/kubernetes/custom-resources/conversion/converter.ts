import { type Random, uuid } from '../../../clock/index.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { KubernetesObject } from '../../objects/object.ts';
import { WebhookCallError, type WebhookClient } from '../../webhooks/webhook-client.ts';
import type { ConversionWebhook } from '../custom-version.ts';
import { ConvertedObjects } from './converted-objects.ts';
import { ConversionAnswerError, conversionReview, readConversion } from './review.ts';

/** As upstream's. */
const timeoutSeconds = 30;
/**
 * Of one review. An answer has at most 3 MiB, so that what a list becomes is bounded by what is kept, however much a webhook
 * would make of it.
 */
const mostObjects = 250;
const mostBytes = 1024 * 1024;

/** Turns objects of custom kinds into other versions. */
export interface Converter {
  /**
   * @param apiVersion The one that is wanted.
   * @returns the objects in it, in the same order.
   * @throws {ApiError} 500, in upstream's words: the webhook gave no usable answer.
   */
  convert(
    webhook: ConversionWebhook,
    objects: readonly KubernetesObject[],
    apiVersion: string,
  ): Promise<readonly KubernetesObject[]>;
  /** An object that is about to be kept, which nobody looks at again as it is. @throws {ApiError} 500 */
  convertNew(
    webhook: ConversionWebhook,
    object: KubernetesObject,
    apiVersion: string,
  ): Promise<KubernetesObject>;
}

/**
 * Asks the webhooks of CustomResourceDefinitions, about many objects at once. What one kept object became is remembered as long as
 * there is room, so that all who look at it meanwhile cost one question.
 */
export class WebhookConverter implements Converter {
  readonly #client: WebhookClient;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #converted = new ConvertedObjects();

  constructor(parts: {
    readonly webhookClient: WebhookClient;
    readonly random: Random;
    readonly signal: AbortSignal;
  }) {
    this.#client = parts.webhookClient;
    this.#random = parts.random;
    this.#signal = parts.signal;
  }

  async convert(
    webhook: ConversionWebhook,
    objects: readonly KubernetesObject[],
    apiVersion: string,
  ): Promise<readonly KubernetesObject[]> {
    const by = `${apiVersion} ${webhook.id}`;
    const unknown = objects.filter((it) => it.apiVersion !== apiVersion && !this.#converted.has(it, by));
    const asked = new Map<KubernetesObject, Promise<KubernetesObject>>();
    for (const batch of batchesOf([...new Set(unknown)])) {
      const answer = this.#ask(webhook, batch, apiVersion);
      for (const [index, object] of batch.entries()) {
        const became = answer.then((all) => all[index] ?? object);
        asked.set(object, became);
        this.#converted.remember(object, by, became);
      }
      // One after the other: a long list is no reason to call a webhook from all sides.
      await answer;
    }
    return Promise.all(
      objects.map((it) =>
        it.apiVersion === apiVersion ? it : (asked.get(it) ?? this.#converted.get(it, by) ?? it),
      ),
    );
  }

  async convertNew(
    webhook: ConversionWebhook,
    object: KubernetesObject,
    apiVersion: string,
  ): Promise<KubernetesObject> {
    const [converted] = await this.#ask(webhook, [object], apiVersion);
    return converted ?? object;
  }

  async #ask(
    { config, reviewVersion }: ConversionWebhook,
    objects: readonly KubernetesObject[],
    apiVersion: string,
  ): Promise<readonly KubernetesObject[]> {
    const asked = { uid: uuid(this.#random), reviewVersion, apiVersion };
    const [first] = objects;
    try {
      const answer = await this.#client.post(config, conversionReview(objects, apiVersion, asked), {
        ...{ timeoutSeconds, signal: this.#signal },
      });
      return readConversion(answer, objects, asked);
    } catch (error) {
      const what = error instanceof ConversionAnswerError ? error.what : 'failed: ';
      if (!(error instanceof ConversionAnswerError || error instanceof WebhookCallError)) throw error;
      const kind = `${first?.apiVersion}, Kind=${first?.kind}`;
      throw new ApiError(500, '', `conversion webhook for ${kind} ${what}${error.message}`);
    }
  }
}

function* batchesOf(objects: readonly KubernetesObject[]): Generator<readonly KubernetesObject[], void> {
  let batch: KubernetesObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const own = JSON.stringify(object).length;
    if (batch.length > 0 && (batch.length >= mostObjects || bytes + own > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(object);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}
