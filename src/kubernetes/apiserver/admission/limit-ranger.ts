import { type Draft, ensured, itemsOf } from '../../kinds/kind.ts';
import { type JsonObject, memberOf, objectsIn, textOf } from '../../objects/object.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { type Amounts, amountsOf, sum } from '../../quota/amounts.ts';
import { podResources } from '../../quota/pod-resources.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Attributes, Plugin, Proposed } from './attributes.ts';
import { limitErrors } from './limit-errors.ts';

const limitRanges = resourceNamed('', 'limitranges');
const pods = resourceNamed('', 'pods');
const claims = resourceNamed('', 'persistentvolumeclaims');
const annotation = 'kubernetes.io/limit-ranger';

/** Gives containers what the LimitRanges of their namespace have for those that say nothing, and holds pods and claims to them. */
export function limitRanger({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin {
  const limitsOf = ({ namespace }: Attributes): readonly JsonObject[] =>
    [...inMemory.list(limitRanges, namespace)].flatMap((it) => objectsIn(memberOf(it, 'spec'), 'limits'));
  return {
    name: 'LimitRanger',
    handles: ({ resource, operation, subresource }) => {
      const isNew = operation === 'CREATE' && subresource === undefined;
      const isMeant =
        (resource === pods && isNew) || (resource === claims && (isNew || operation === 'UPDATE'));
      return isMeant && inMemory.all(limitRanges).length > 0;
    },
    mutate: (attributes) => {
      if (attributes.resource === pods && attributes.draft !== undefined)
        for (const limit of limitsOf(attributes))
          if (limit.type === 'Container') fill(attributes.draft, limit);
      return undefined;
    },
    validate: (attributes) => {
      const errors = limitsOf(attributes).flatMap((limit) => errorsOf(attributes, limit));
      const { resource, name } = attributes;
      if (errors.length > 0)
        throw forbidden(resource, name, errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
      return undefined;
    },
  };
}

function fill(draft: Draft, limit: JsonObject): void {
  const told: string[] = [];
  const spec = ensured(draft, 'spec');
  for (const [list, word] of [
    ['containers', 'container'],
    ['initContainers', 'init container'],
  ] as const) {
    for (const container of itemsOf(spec, list)) {
      const resources = ensured(container, 'resources');
      for (const [members, defaults, what] of [
        ['requests', 'defaultRequest', 'request'],
        ['limits', 'default', 'limit'],
      ] as const) {
        const set = addMissing(resources, members, memberOf(limit, defaults));
        if (set.length > 0) told.push(`${set.join(', ')} ${what} for ${word} ${String(container.name)}`);
      }
    }
  }
  if (told.length > 0)
    ensured(draft.metadata, 'annotations')[annotation] = `LimitRanger plugin set: ${told.join('; ')}`;
}

/** @returns the names of what was added. */
function addMissing(
  resources: Record<string, unknown>,
  members: string,
  defaults: JsonObject,
): readonly string[] {
  const names = Object.keys(defaults).toSorted();
  if (names.length === 0) return [];
  const present = ensured(resources, members);
  const missing = names.filter((name) => present[name] === undefined);
  for (const name of missing) present[name] = defaults[name];
  return missing;
}

function errorsOf({ resource, object }: Proposed, limit: JsonObject): readonly string[] {
  const spec = memberOf(object, 'spec');
  const type = textOf(limit, 'type');
  const given = (of: JsonObject) => ({
    requests: amountsOf(memberOf(memberOf(of, 'resources'), 'requests')),
    limits: amountsOf(memberOf(memberOf(of, 'resources'), 'limits')),
  });
  if (resource === claims)
    return type === 'PersistentVolumeClaim'
      ? limitErrors(limit, { requests: given(spec).requests, limits: none })
      : [];
  if (type === 'Container') {
    const containers = [...objectsIn(spec, 'initContainers'), ...objectsIn(spec, 'containers')];
    return containers.flatMap((container) => limitErrors(limit, given(container)));
  }
  if (type !== 'Pod') return [];
  return limitErrors(limit, {
    requests: podResources(spec, 'requests'),
    limits: podResources(spec, 'limits'),
  });
}

const none: Amounts = sum();
