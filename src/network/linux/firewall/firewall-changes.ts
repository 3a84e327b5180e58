import type { Firewall } from './firewall.ts';
import type { NftChain, NftSet, NftTable } from './nft-table.ts';

/**
 * One transaction for nft that makes one firewall of another, '' when they are the same: only the elements and chains
 * that differ are touched, and connections live on. Without `before`, whatever earlier tables of ours the kernel has are
 * replaced, in the same transaction: there is no moment without rules.
 */
export function firewallChanges(before: Firewall | undefined, after: Firewall): string {
  const lines = after.tables.flatMap((table) => {
    const old = before?.tables.find(({ family, name }) => family === table.family && name === table.name);
    return old === undefined ? [...replacing(table), ...changes(empty(table), table)] : changes(old, table);
  });
  return lines.map((line) => `${line}\n`).join('');
}

function replacing(table: NftTable): readonly string[] {
  const name = nameOf(table);
  // To add first makes that there is something to delete.
  return [`add table ${name}`, `delete table ${name}`, `add table ${name}`];
}

function empty({ family, name }: NftTable): NftTable {
  return { family, name, sets: new Map(), chains: new Map() };
}

/** What is named exists first, what is deleted is no longer named: the kernel refuses both otherwise. */
function changes(before: NftTable, after: NftTable): readonly string[] {
  const table = nameOf(after);
  const sets = differences(before.sets, after.sets, isSameSet);
  const chains = differences(before.chains, after.chains, isSameChain);
  const changed = [...sets.added, ...sets.changed];
  return [
    ...sets.added.map(([name, set]) => `add ${set.kind} ${table} ${name} { ${set.declaration} }`),
    ...chains.added.map(
      ([name, { declaration }]) => `add chain ${table} ${name}${declaration && ` { ${declaration} }`}`,
    ),
    ...changed.flatMap(([name, set, old]) => elementLines('delete', table, name, set, old, set)),
    ...changed.flatMap(([name, set, old]) => elementLines('add', table, name, set, set, old)),
    ...chains.changed.map(([name]) => `flush chain ${table} ${name}`),
    ...chains.removed.map(([name]) => `flush chain ${table} ${name}`),
    ...[...chains.added, ...chains.changed].flatMap(([name, { rules }]) =>
      rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    ),
    ...sets.removed.map(([name, { kind }]) => `delete ${kind} ${table} ${name}`),
    ...chains.removed.map(([name]) => `delete chain ${table} ${name}`),
  ];
}

interface Differences<T> {
  readonly added: readonly (readonly [name: string, part: T, old: undefined])[];
  readonly changed: readonly (readonly [name: string, part: T, old: T])[];
  readonly removed: readonly (readonly [name: string, old: T])[];
}

function differences<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  isSame: (one: T, other: T) => boolean,
): Differences<T> {
  const added: [string, T, undefined][] = [];
  const changed: [string, T, T][] = [];
  for (const [name, part] of after) {
    const old = before.get(name);
    if (old === undefined) added.push([name, part, undefined]);
    else if (old !== part && !isSame(old, part)) changed.push([name, part, old]);
  }
  return { added, changed, removed: [...before].filter(([name]) => !after.has(name)) };
}

function isSameSet({ elements: one }: NftSet, { elements: other }: NftSet): boolean {
  return one.size === other.size && one.entries().every(([key, value]) => other.get(key) === value);
}

function isSameChain({ rules: one }: NftChain, { rules: other }: NftChain): boolean {
  return one.length === other.length && one.every((rule, index) => rule === other[index]);
}

/** Those of one set that another does not have, or has with another value. */
function elementLines(
  verb: 'add' | 'delete',
  table: string,
  name: string,
  { kind }: NftSet,
  from: NftSet | undefined,
  without: NftSet | undefined,
): readonly string[] {
  const elements: string[] = [];
  for (const [key, value] of from?.elements ?? []) {
    if (without?.elements.get(key) !== value) elements.push(kind === 'set' ? key : `${key} : ${value}`);
  }
  return elements.length === 0 ? [] : [`${verb} element ${table} ${name} { ${elements.join(', ')} }`];
}

function nameOf({ family, name }: NftTable): string {
  return `${family} ${name}`;
}
