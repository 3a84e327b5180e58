import { hash } from 'node:crypto';
import type { Json } from '../../store/index.ts';
import {
  apiVersionOf,
  type Catalogue,
  type Group,
  type GroupVersion,
  type Resource,
  verbsOf,
} from '../schema/catalogue.ts';
import { shownKindOf, verbsOfSubresource } from '../schema/subresources.ts';

/** What clients ask first: which groups, versions and resources there are. All of it follows from the catalogue. */
export interface Discovery {
  readonly body: Json;
  /** Of the aggregated form alone. */
  readonly etag?: string;
}

/** The aggregated forms, which are large, and asked for by every client that starts. */
const aggregates = new WeakMap<Catalogue, Map<string, Discovery>>();

/** Undefined: no path of discovery. */
export function discover(catalogue: Catalogue, path: string, isAggregated: boolean): Discovery | undefined {
  if (isAggregated && (path === '/api' || path === '/apis')) {
    const known = aggregates.get(catalogue) ?? new Map<string, Discovery>();
    aggregates.set(catalogue, known);
    const found =
      known.get(path) ??
      aggregated(catalogue.groups.filter(({ name }) => (name === '') === (path === '/api')));
    known.set(path, found);
    return found;
  }
  const named = catalogue.groups.filter(({ name }) => name !== '');
  if (path === '/api') return { body: coreVersions };
  if (path === '/apis')
    return { body: { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupOf) } };
  const versions = catalogue.groups.flatMap((group) => group.versions);
  const found = versions.find((it) => path === pathOf(it));
  if (found !== undefined) return { body: resourceList(found) };
  const group = named.find((it) => path === `/apis/${it.name}`);
  return group === undefined
    ? undefined
    : { body: { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) } };
}

/** `/api/v1`, `/apis/apps/v1`. */
export const pathOf = (groupVersion: Pick<GroupVersion, 'group' | 'version'>): string =>
  `${groupVersion.group === '' ? '/api' : '/apis'}/${apiVersionOf(groupVersion)}`;

const coreVersions: Json = {
  ...{ kind: 'APIVersions', versions: ['v1'] },
  serverAddressByClientCIDRs: [],
};

const versionOf = (it: GroupVersion) => ({ groupVersion: apiVersionOf(it), version: it.version });

const groupOf = ({ name, versions }: Group) => ({
  ...{ name, versions: versions.map(versionOf) },
  preferredVersion: versionOf(versions[0]),
});

function resourceList(it: GroupVersion): Json {
  return {
    ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(it) },
    resources: it.resources.flatMap((resource) => [
      {
        ...{
          name: resource.name,
          singularName: resource.singularName,
          namespaced: resource.isNamespaced,
        },
        ...{ kind: resource.kind, verbs: verbsOf(resource) },
        ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
        ...(resource.categories.length > 0 && { categories: resource.categories }),
        ...(!resource.isReview &&
          !resource.isComputed && { storageVersionHash: storageVersionHash(resource) }),
      },
      ...resource.subresources.map((subresource) => {
        const shown = shownKindOf(resource, subresource);
        return {
          ...{ name: `${resource.name}/${subresource}`, singularName: '', namespaced: resource.isNamespaced },
          ...(isElsewhere(resource, shown) && { group: shown.group, version: shown.version }),
          ...{ kind: shown.kind, verbs: verbsOfSubresource(subresource) },
        };
      }),
    ]),
  };
}

function storageVersionHash({ group, version, kind, custom, storedAs }: Resource): string {
  const kept = storedAs ?? { group, version: custom?.storageVersion ?? version };
  const text = `${kept.group}/${kept.version}/${kind}`;
  return hash('sha256', text, 'buffer').subarray(0, 8).toString('base64');
}

function aggregated(groups: readonly Group[]): Discovery {
  const body = {
    ...{ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {} },
    items: groups.map(({ name, versions }) => ({
      metadata: { name, creationTimestamp: null },
      versions: versions.map(({ version, resources }) => ({
        ...{ version, resources: resources.map(aggregatedResource), freshness: 'Current' },
      })),
    })),
  };
  return { body, etag: `"${hash('sha256', JSON.stringify(body), 'hex').toUpperCase()}"` };
}

const isElsewhere = (resource: Resource, other: Pick<Resource, 'group' | 'version'>): boolean =>
  apiVersionOf(resource) !== apiVersionOf(other);

/** Of the group and version that are described, nothing is said. */
const ownKind = (kind: string) => ({ group: '', version: '', kind });

function aggregatedResource(resource: Resource) {
  return {
    ...{ resource: resource.name, responseKind: ownKind(resource.kind) },
    scope: resource.isNamespaced ? 'Namespaced' : 'Cluster',
    ...{ singularResource: resource.singularName, verbs: verbsOf(resource) },
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(resource.categories.length > 0 && { categories: resource.categories }),
    ...(resource.subresources.length > 0 && {
      subresources: resource.subresources.map((subresource) => {
        const { group, version, kind } = shownKindOf(resource, subresource);
        const isOther = isElsewhere(resource, { group, version });
        const responseKind = isOther ? { group, version, kind } : ownKind(kind);
        return { subresource, responseKind, verbs: verbsOfSubresource(subresource) };
      }),
    }),
  };
}
