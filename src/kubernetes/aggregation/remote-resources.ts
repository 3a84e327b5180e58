import type { Json } from '../../store/index.ts';
import { isJsonObject, type JsonObject, objectsIn, textOf, textsIn } from '../objects/object.ts';

/** A resource as aggregated discovery describes it: an `APIResourceDiscovery`. */
export type RemoteResource = JsonObject;

/** @param list An `APIResourceList`. @throws {Error} it is none. */
export function readResources(list: unknown): readonly RemoteResource[] {
  if (!isJsonObject(list) || !Array.isArray(list.resources))
    throw new Error('the server answered no APIResourceList');
  const all = objectsIn(list, 'resources');
  return all
    .filter((it) => !textOf(it, 'name').includes('/'))
    .map((it) => {
      const name = textOf(it, 'name');
      const subresources = all.filter((other) => textOf(other, 'name').startsWith(`${name}/`));
      return {
        ...{ resource: name, responseKind: kindOf(it) },
        scope: it.namespaced === true ? 'Namespaced' : 'Cluster',
        ...{ singularResource: textOf(it, 'singularName'), verbs: [...textsIn(it, 'verbs')] },
        ...someOf(it, 'shortNames'),
        ...someOf(it, 'categories'),
        ...(subresources.length > 0 && {
          subresources: subresources.map((sub) => ({
            subresource: textOf(sub, 'name').slice(name.length + 1),
            ...{ responseKind: kindOf(sub), verbs: [...textsIn(sub, 'verbs')] },
          })),
        }),
      };
    });
}

const kindOf = (it: JsonObject): Json => ({
  ...{ group: textOf(it, 'group'), version: textOf(it, 'version'), kind: textOf(it, 'kind') },
});

function someOf(it: JsonObject, field: string): JsonObject {
  const texts = textsIn(it, field);
  return texts.length > 0 ? { [field]: [...texts] } : {};
}

/** The hash of the document of a version in an index of OpenAPI, version 3; undefined: it has none. */
export function openApiHash(index: unknown, path: string): string | undefined {
  const { paths } = isJsonObject(index) ? index : {};
  const entry = isJsonObject(paths) ? paths[path.slice(1)] : undefined;
  if (!isJsonObject(entry)) return undefined;
  return new URLSearchParams(textOf(entry, 'serverRelativeURL').split('?')[1]).get('hash') ?? '';
}
