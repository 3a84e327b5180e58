import { type JsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { builtInCatalogue } from '../schema/catalogue.ts';

/** Names that others of a group go by already. */
interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

export interface Acceptance {
  readonly names: JsonObject;
  /** Undefined: there is no conflict. */
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/**
 * Which of its names a definition may go by. Those that it has stay its own; of those that it asks for, each is taken that
 * nobody else in the group has, so that one conflict does not cost the others.
 * @param others The other definitions of the cluster.
 */
export function acceptedNames(definition: KubernetesObject, others: readonly KubernetesObject[]): Acceptance {
  const spec = memberOf(definition, 'spec');
  const wanted = memberOf(spec, 'names');
  const held = memberOf(memberOf(definition, 'status'), 'acceptedNames');
  const taken = takenNames(textOf(spec, 'group'), others);
  const names: Record<string, JsonObject[string]> = { ...held };
  let conflict: Acceptance['conflict'];
  const take = (name: string, reason: string, all: ReadonlySet<string>): void => {
    const own = textOf(wanted, name);
    if (own === textOf(held, name) || !all.has(own)) names[name] = own;
    else conflict = { reason, message: `${JSON.stringify(own)} is already in use` };
  };
  take('plural', 'PluralConflict', taken.resources);
  take('singular', 'SingularConflict', taken.resources);
  const clashing = listOf(wanted, 'shortNames')
    .map(String)
    .filter((it) => !listOf(held, 'shortNames').includes(it) && taken.resources.has(it));
  if (clashing.length === 0) setList(names, 'shortNames', wanted);
  else {
    const told = clashing.map((it) => `${JSON.stringify(it)} is already in use`);
    conflict = {
      reason: 'ShortNamesConflict',
      message: told.length === 1 ? (told[0] ?? '') : `[${told.join(', ')}]`,
    };
  }
  take('kind', 'KindConflict', taken.kinds);
  take('listKind', 'ListKindConflict', taken.kinds);
  setList(names, 'categories', wanted);
  return { names, conflict };
}

function setList(names: Record<string, JsonObject[string]>, name: string, wanted: JsonObject): void {
  const list = listOf(wanted, name);
  if (list.length > 0) names[name] = list;
  else delete names[name];
}

function takenNames(group: string, others: readonly KubernetesObject[]): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  // Objects of the same group and name would be kept at the same place.
  for (const it of builtInCatalogue.resources) {
    if (it.group !== group) continue;
    for (const name of [it.name, it.singularName, ...it.shortNames]) resources.add(name);
    for (const kind of [it.kind, it.listKind]) kinds.add(kind);
  }
  for (const other of others) {
    if (textOf(memberOf(other, 'spec'), 'group') !== group) continue;
    const names = memberOf(memberOf(other, 'status'), 'acceptedNames');
    const own = [textOf(names, 'plural'), textOf(names, 'singular')];
    for (const name of [...own, ...listOf(names, 'shortNames').map(String)]) resources.add(name);
    for (const kind of [textOf(names, 'kind'), textOf(names, 'listKind')]) kinds.add(kind);
  }
  resources.delete('');
  kinds.delete('');
  return { resources, kinds };
}
