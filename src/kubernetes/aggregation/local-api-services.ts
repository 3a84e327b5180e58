import { type Random, uuid } from '../../clock/index.ts';
import { type Json, jsonEqual, type Store, type Write } from '../../store/index.ts';
import { type KubernetesObject, memberOf, timestamp } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { builtInCatalogue, type Catalogue, type GroupVersion, resourceNamed } from '../schema/catalogue.ts';
import { apiServices } from './api-services.ts';

const namespaces = resourceNamed('', 'namespaces');

/** Upstream's priorities: the order of groups in discovery, and which of them clients look a kind up in first. */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  'apiregistration.k8s.io': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};
const customPriority = { group: 1_000, version: 100 };

const builtIn = new Set(builtInCatalogue.groups.map(({ name }) => name));

/** Of a group that the cluster's own API server answers. */
export const localGroupPriority = (group: string): number => groupPriorities[group] ?? customPriority.group;

function versionPriority({ group, version }: Pick<GroupVersion, 'group' | 'version'>): number {
  if (!builtIn.has(group)) return customPriority.version;
  if (group === '') return 1;
  return group === 'autoscaling' && version === 'v2' ? 30 : 15;
}

const label = 'kube-aggregator.kubernetes.io/automanaged';

/** The APIServices that stand for what a cluster answers itself, without those of the aggregator, as upstream. */
function wantedLocal(catalogue: Catalogue): readonly KubernetesObject[] {
  return catalogue.groups
    .filter(({ name }) => name !== apiServices.group)
    .flatMap(({ versions }) => versions)
    .map(
      (it): KubernetesObject => ({
        ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
        metadata: {
          name: `${it.version}.${it.group}`,
          labels: { [label]: builtIn.has(it.group) ? 'onstart' : 'true' },
        },
        spec: {
          ...(it.group !== '' && { group: it.group }),
          ...{ version: it.version, groupPriorityMinimum: localGroupPriority(it.group) },
          versionPriority: versionPriority(it),
        },
      }),
    );
}

/**
 * Has a cluster's APIServices say what it answers itself. What somebody else has made of the same name stays his.
 * @returns whether they do; another writer may have been faster.
 */
export async function syncLocal(
  { store, random, now }: { readonly store: Store; readonly random: Random; readonly now: number },
  place: ClusterPlace,
  catalogue: Catalogue,
): Promise<boolean> {
  const objects = new ObjectStore(store, place);
  // A cluster that is being taken down loses its namespaces first: nothing is made any more.
  const system = await objects.get(namespaces, undefined, 'kube-system');
  if (system === undefined) return true;
  const { items } = await objects.list(apiServices, undefined);
  const present = new Map(items.map((it) => [it.object.metadata.name, it]));
  const writes: Write[] = [];
  const preconditions = [{ key: system.key, revision: system.revision }];
  const wanted = wantedLocal(catalogue);
  for (const it of wanted) {
    const found = present.get(it.metadata.name);
    if (found !== undefined && (!isManaged(found.object) || isSame(found.object, it))) continue;
    const key = objects.key(apiServices, undefined, it.metadata.name);
    const { uid = uuid(random), creationTimestamp = timestamp(now) } = found?.object.metadata ?? {};
    const metadata = { ...it.metadata, uid, creationTimestamp };
    preconditions.push({ key, revision: found?.revision ?? 0 });
    writes.push({ type: 'put', key, value: { ...it, metadata, status: availableAt(now) } as never });
  }
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  for (const { key, revision, object } of items) {
    if (names.has(object.metadata.name) || !isManaged(object)) continue;
    preconditions.push({ key, revision });
    writes.push({ type: 'delete', key });
  }
  if (writes.length === 0) return true;
  return (await store.commit(preconditions, writes)).committed;
}

const isManaged = ({ metadata }: KubernetesObject): boolean => metadata.labels?.[label] !== undefined;

const isSame = (object: KubernetesObject, wanted: KubernetesObject): boolean =>
  object.metadata.deletionTimestamp === undefined &&
  jsonEqual(memberOf(object, 'spec'), memberOf(wanted, 'spec')) &&
  jsonEqual(object.metadata.labels as Json, wanted.metadata.labels as Json);

const availableAt = (now: number): Json => ({
  conditions: [
    {
      ...{ type: 'Available', status: 'True', lastTransitionTime: timestamp(now) },
      ...{ reason: 'Local', message: 'Local APIServices are always available' },
    },
  ],
});
