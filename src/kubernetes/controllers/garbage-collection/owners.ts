import type { Reader } from '../../../reconcile/index.ts';
import { definitionRecords, resourcesOf, storedResourceOf } from '../../custom-resources/definition.ts';
import type { OwnerReference } from '../../objects/object.ts';
import type { ClusterPlace } from '../../objects/object-records.ts';
import { placeOfObject, recordsPrefix } from '../../objects/object-records.ts';
import { apiVersionOf, builtInCatalogue, qualifiedName, type Resource } from '../../schema/catalogue.ts';
import type { Kept } from '../objects.ts';

const kindText = (apiVersion: string, kind: string): string => `${apiVersion} ${kind}`;

const builtInKinds = new Map(
  builtInCatalogue.resources
    .filter(({ isReview }) => !isReview)
    .map((it) => [kindText(apiVersionOf(it), it.kind), it]),
);
const builtInNouns = new Map([...builtInKinds.values()].map((it) => [qualifiedName(it), it]));

/** The resource of a kind that a cluster serves; undefined: there is none. */
export function resourceOfKind(
  reader: Pick<Reader, 'list'>,
  place: ClusterPlace,
  { apiVersion, kind }: Pick<OwnerReference, 'apiVersion' | 'kind'>,
): Resource | undefined {
  const builtIn = builtInKinds.get(kindText(apiVersion, kind));
  if (builtIn !== undefined) return builtIn;
  for (const { value } of reader.list(definitionRecords, recordsPrefix(definitionRecords.noun, place))) {
    const found = resourcesOf(value).find((it) => it.kind === kind && apiVersionOf(it) === apiVersion);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The resource of what is kept under a noun; undefined: no objects are. */
export function resourceOfNoun(
  reader: Pick<Reader, 'list'>,
  place: ClusterPlace,
  noun: string,
): Resource | undefined {
  const builtIn = builtInNouns.get(noun);
  if (builtIn !== undefined) return builtIn;
  // A definition has the name of its resource.
  const prefix = `${recordsPrefix(definitionRecords.noun, place)}${encodeURIComponent(noun)}`;
  for (const { key, value } of reader.list(definitionRecords, prefix))
    if (key === prefix) return storedResourceOf(value);
  return undefined;
}

/** The keys of the owners that an object names, as far as their kinds are served. */
export function* ownerKeys(reader: Pick<Reader, 'list'>, key: string, { metadata }: Kept): Generator<string> {
  const place = placeOfObject(key);
  for (const reference of metadata.ownerReferences ?? []) {
    const resource = resourceOfKind(reader, place, reference);
    if (resource === undefined || (resource.isNamespaced && metadata.namespace === undefined)) continue;
    const within = recordsPrefix(
      qualifiedName(resource),
      place,
      resource.isNamespaced ? metadata.namespace : undefined,
    );
    yield `${within}${encodeURIComponent(reference.name)}`;
  }
}
