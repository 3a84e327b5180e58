import type { Json } from '../../../store/index.ts';
import type { JsonObject, KubernetesObject } from '../../objects/object.ts';
import { apiVersionOf, type Catalogue, type Resource, storedName } from '../../schema/catalogue.ts';
import { type Attributes, writtenKind } from './attributes.ts';
import type { AdmissionContext } from './context.ts';

/** As its rules are read: `Exact` means a version as it is asked for, `Equivalent` any in which the same objects are served. */
export type MatchPolicy = 'Equivalent' | 'Exact';

export const matchPolicyOf = (text: string): MatchPolicy => (text === 'Exact' ? 'Exact' : 'Equivalent');

/**
 * The version in which somebody wants to see a write: the one that it was asked for in where his rules say so, else another
 * in which the same objects are served.
 * @param covers Whether his rules cover a write of these attributes.
 * @returns undefined: he does not want to see it.
 */
export function wantedVersion(
  catalogue: Catalogue,
  policy: MatchPolicy,
  attributes: Attributes,
  covers: (attributes: Attributes) => boolean,
): Resource | undefined {
  if (covers(attributes)) return attributes.resource;
  if (policy === 'Exact') return undefined;
  return equivalents(catalogue, attributes.resource).find((resource) => covers({ ...attributes, resource }));
}

const known = new WeakMap<
  Resource,
  { readonly catalogue: Catalogue; readonly others: readonly Resource[] }
>();

/** The other versions of a resource, its own group's and others' in which it is served as well. */
function equivalents(catalogue: Catalogue, resource: Resource): readonly Resource[] {
  const last = known.get(resource);
  if (last?.catalogue === catalogue) return last.others;
  const name = storedName(resource);
  const others = catalogue.resources.filter((it) => it !== resource && storedName(it) === name);
  known.set(resource, { catalogue, others });
  return others;
}

/** A write as somebody sees it. */
export interface Seen<T extends Attributes> {
  readonly attributes: T;
  readonly object: Json | undefined;
}

/** A write in another version of its resource, which says as what it was asked for. @throws {ApiError} 500: nobody converts it. */
export async function seenIn<T extends Attributes>(
  { objects }: Pick<AdmissionContext, 'objects'>,
  attributes: T,
  object: Json | undefined,
  version: Resource,
): Promise<Seen<T>> {
  const { resource, before } = attributes;
  if (version === resource) return { attributes, object };
  const convert = <Own>(own: Own | undefined): Promise<Own | undefined> =>
    converted({ objects }, own as never, resource, version) as Promise<Own | undefined>;
  const isOfResource = writtenKind(attributes) === resource;
  return {
    attributes: { ...attributes, resource: version, requested: resource, before: await convert(before) },
    object: isOfResource ? await convert(object) : object,
  };
}

/** What somebody has made of a write that he saw, in the version in which it was asked for. @throws {ApiError} 500: nobody converts it. */
export async function asAsked(
  context: Pick<AdmissionContext, 'objects'>,
  object: JsonObject,
  { resource, requested = resource, ...seen }: Attributes,
): Promise<JsonObject> {
  if (writtenKind({ ...seen, resource }) !== resource) return object;
  return (await converted(context, object as never, resource, requested)) as unknown as JsonObject;
}

/** An object of one version in another. @throws {ApiError} 500: nobody converts it. */
async function converted(
  { objects }: Pick<AdmissionContext, 'objects'>,
  object: KubernetesObject | undefined,
  from: Resource,
  to: Resource,
): Promise<KubernetesObject | undefined> {
  if (object === undefined || from === to) return object;
  // What nobody converts is the same in each version, also what one of them does not know.
  if (from.custom !== undefined && from.custom.conversion === undefined)
    return { ...object, apiVersion: apiVersionOf(to) };
  const stored = await objects.toKeep(from, object);
  const [served] = await objects.served(to, [{ key: '', object: stored, revision: 0 }]);
  return served?.object;
}
