import type { Json } from '../../../store/index.ts';
import { metadataErrors } from '../../kinds/metadata.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  memberOf,
  textOf,
} from '../../objects/object.ts';

const group = 'apiextensions.k8s.io';

/** What a conversion webhook is asked: a `ConversionReview` with its request. */
export const conversionReview = (
  objects: readonly KubernetesObject[],
  desiredAPIVersion: string,
  { uid, reviewVersion }: { readonly uid: string; readonly reviewVersion: string },
): Json => ({
  ...{ kind: 'ConversionReview', apiVersion: `${group}/${reviewVersion}` },
  request: { uid, desiredAPIVersion, objects: objects as unknown as Json },
});

/** A webhook that answered something that is no conversion of what it was sent; the message is upstream's, without its beginning. */
export class ConversionAnswerError extends Error {
  override readonly name = 'ConversionAnswerError';
  /** Between the kind and the message: `failed: `, `returned invalid object: ` and the like. */
  readonly what: string;

  constructor(what: string, message: string) {
    super(message);
    this.what = what;
  }
}

/**
 * Reads the answer of a conversion webhook, which may lie.
 * @param sent The objects that it was asked about.
 * @returns them in the version that was asked for, in the same order: of the metadata, labels and annotations alone are the
 *   webhook's.
 * @throws {ConversionAnswerError}
 */
export function readConversion(
  answer: JsonObject,
  sent: readonly KubernetesObject[],
  asked: { readonly uid: string; readonly reviewVersion: string; readonly apiVersion: string },
): readonly KubernetesObject[] {
  const given = `${textOf(answer, 'apiVersion')}, Kind=${textOf(answer, 'kind')}`;
  const wanted = `${group}/${asked.reviewVersion}, Kind=ConversionReview`;
  if (given !== wanted) throw failed(`expected webhook response of ${wanted}, got ${given}`);
  const { response } = answer;
  if (!isJsonObject(response)) throw failed('no response provided');
  const uid = textOf(response, 'uid');
  if (uid !== asked.uid)
    throw failed(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`);
  const result = memberOf(response, 'result');
  const status = textOf(result, 'status');
  if (status !== 'Success')
    throw failed(textOf(result, 'message') || `response.result.status was '${status}', not 'Success'`);
  const converted = Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
  if (converted.length !== sent.length)
    throw new ConversionAnswerError('returned ', `${converted.length} objects, expected ${sent.length}`);
  const isOne = sent.length === 1;
  return sent.map((object, index) => {
    const at = isOne ? '' : ` at index ${index}`;
    const invalidObject = isOne ? 'returned invalid object' : `returned invalid converted object${at}`;
    const invalidMetadata = isOne ? 'returned invalid metadata' : `returned invalid metadata in object${at}`;
    const became = converted[index];
    if (!isJsonObject(became)) throw new ConversionAnswerError(`${invalidObject}: `, 'it is no object');
    const differs = differenceOf(object, became, asked.apiVersion);
    if (differs !== undefined) throw new ConversionAnswerError(`${invalidObject}: `, differs);
    return withOwnMetadata(object, became, (message) => {
      throw new ConversionAnswerError(`${invalidMetadata}: `, message);
    });
  });
}

const failed = (message: string): ConversionAnswerError => new ConversionAnswerError('failed: ', message);

/** Undefined: it may be the same object in another version. */
function differenceOf(object: KubernetesObject, became: JsonObject, apiVersion: string): string | undefined {
  const version = textOf(became, 'apiVersion');
  if (version !== apiVersion) return `invalid groupVersion (expected ${apiVersion}, received ${version})`;
  const kind = textOf(became, 'kind');
  if (kind !== object.kind) return `invalid kind (expected ${object.kind}, received ${kind})`;
  const [was, is] = [object.metadata, memberOf(became, 'metadata')];
  for (const [field, words] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [was[field] ?? '', textOf(is, field)];
    if (before !== after) return `must have the same ${words}: ${before} != ${after}`;
  }
  return undefined;
}

function withOwnMetadata(
  object: KubernetesObject,
  became: JsonObject,
  refuse: (message: string) => never,
): KubernetesObject {
  if (!isJsonObject(became.metadata)) return refuse('missing metadata in converted object');
  const { labels: _, annotations: _was, ...kept } = object.metadata;
  const metadata: Record<string, unknown> = { ...kept };
  for (const field of ['labels', 'annotations'] as const) {
    const texts = became.metadata[field];
    if (texts === undefined || texts === null) continue;
    if (!isJsonObject(texts)) return refuse(`invalid metadata.${field} in converted object: it is no object`);
    const wrong = Object.entries(texts).find(([, value]) => typeof value !== 'string');
    if (wrong !== undefined)
      return refuse(
        `metadata.${field}[${wrong[0]}] must be a string, but is ${typeof wrong[1]} in converted object`,
      );
    metadata[field] = texts;
  }
  const converted = { ...became, metadata } as unknown as KubernetesObject;
  const [error] = metadataErrors(converted, object, 'path-segment');
  return error === undefined ? converted : refuse(`${error.field}: ${error.text}`);
}
