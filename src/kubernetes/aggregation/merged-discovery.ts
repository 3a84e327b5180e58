import { hash } from 'node:crypto';
import type { Json } from '../../store/index.ts';
import { type Discovery, discover } from '../apiserver/discovery.ts';
import { type JsonObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import type { Catalogue } from '../schema/catalogue.ts';
import type { RemoteApi } from './api-services.ts';
import { localGroupPriority } from './local-api-services.ts';
import type { RemoteApis } from './remote-apis.ts';

/** What clients ask first, with what other servers answer of it. Undefined: no path of discovery. */
export function discoverAll(
  catalogue: Catalogue,
  apis: RemoteApis,
  path: string,
  isAggregated: boolean,
): Discovery | undefined {
  const found = discover(catalogue, path, isAggregated);
  const { all } = apis;
  if (all.length === 0 || !path.startsWith('/apis')) return found;
  if (path === '/apis') return isAggregated ? aggregated(found, apis) : plain(found, all);
  const own = all.filter((it) => path === `/apis/${it.group}`);
  if (own.length === 0) return found;
  const group = groupOf(own[0]?.group ?? '', own, found?.body as JsonObject | undefined);
  return { body: { kind: 'APIGroup', apiVersion: 'v1', ...group } };
}

const byPriority = (one: RemoteApi, other: RemoteApi): number =>
  other.versionPriority - one.versionPriority || (one.version < other.version ? -1 : 1);

/** Groups in the order of their priorities; of the same, by name. */
function ordered<T>(
  local: readonly T[],
  remote: readonly RemoteApi[],
  nameOf: (group: T) => string,
  made: (name: string, apis: readonly RemoteApi[], present: T | undefined) => T,
): readonly T[] {
  const names = [...new Set(remote.map(({ group }) => group))];
  const present = new Map(local.map((it) => [nameOf(it), it]));
  const priorityOf = (name: string): number =>
    Math.max(
      ...(present.has(name) ? [localGroupPriority(name)] : []),
      ...remote.filter(({ group }) => group === name).map(({ groupPriority }) => groupPriority),
    );
  const all = new Map<string, T>(present);
  for (const name of names) {
    const own = remote.filter(({ group }) => group === name).toSorted(byPriority);
    all.set(name, made(name, own, present.get(name)));
  }
  return [...all.entries()]
    .map(([name, group]) => ({ name, group, priority: priorityOf(name) }))
    .toSorted((one, other) => other.priority - one.priority || (one.name < other.name ? -1 : 1))
    .map(({ group }) => group);
}

function plain(found: Discovery | undefined, remote: readonly RemoteApi[]): Discovery {
  const body = found?.body as JsonObject;
  const groups = ordered(objectsIn(body, 'groups'), remote, (it) => textOf(it, 'name'), groupOf);
  return { body: { ...body, groups: groups as Json } };
}

function groupOf(name: string, apis: readonly RemoteApi[], present: JsonObject | undefined): JsonObject {
  const own = apis.map(
    ({ group, version }): JsonObject => ({ groupVersion: `${group}/${version}`, version }),
  );
  const versions = [...objectsIn(present, 'versions').filter((it) => !isAmong(it, apis)), ...own];
  return { name, versions, preferredVersion: versions[0] ?? {} };
}

const isAmong = (version: JsonObject, apis: readonly RemoteApi[]): boolean =>
  apis.some((it) => it.version === textOf(version, 'version'));

function aggregated(found: Discovery | undefined, apis: RemoteApis): Discovery {
  const before = found?.body as JsonObject;
  const items = ordered(
    objectsIn(before, 'items'),
    apis.all,
    (it) => textOf(memberOf(it, 'metadata'), 'name'),
    (name, remote, present): JsonObject => ({
      metadata: { name, creationTimestamp: null },
      versions: [
        ...objectsIn(present, 'versions').filter((it) => !isAmong(it, remote)),
        ...remote.map(
          (api): JsonObject => ({
            version: api.version,
            resources: [...(apis.told(api)?.resources ?? [])],
            freshness: api.isAvailable ? 'Current' : 'Stale',
          }),
        ),
      ],
    }),
  );
  const body = { ...before, items: items as Json };
  return { body, etag: `"${hash('sha256', JSON.stringify(body), 'hex').toUpperCase()}"` };
}
