import { uuid } from '../../clock/index.ts';
import { jsonEqual } from '../../store/index.ts';
import { controller } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { deleteAll } from '../apiserver/delete-all.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import { memberOf, timestamp } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { controlPlaneKey, controlPlanes } from '../records.ts';
import { apiVersionOf, type Resource, resourceNamed, storedResources } from '../schema/catalogue.ts';
import { type Remaining, withConditions } from './namespace-conditions.ts';

const namespaces = resourceNamed('', 'namespaces');
const pods = resourceNamed('', 'pods');
const serviceAccounts = resourceNamed('', 'serviceaccounts');
const configMaps = resourceNamed('', 'configmaps');

/** What a namespace has from the beginning, made where it is missing, as long as the namespace is there. */
export async function ensureDefaults(
  { store, state, clock, random }: KubernetesContext,
  place: ClusterPlace,
  namespace: string,
): Promise<void> {
  const objects = new ObjectStore(store, place);
  const present = await objects.get(namespaces, undefined, namespace);
  if (present === undefined || present.object.metadata.deletionTimestamp !== undefined) return;
  const guard = { preconditions: [{ key: present.key, revision: present.revision }], writes: [] };
  const certificate = state.get(controlPlanes, controlPlaneKey(place))?.certificateAuthority;
  const make = async (
    resource: Resource,
    name: string,
    members: object,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const own = { name, namespace, uid: uuid(random), creationTimestamp: timestamp(clock.now()) };
    const metadata = { ...own, ...(annotations && { annotations }) };
    const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...members };
    // One that is there already stays as it is.
    await objects.create(objects.key(resource, namespace, name), object, guard);
  };
  await make(serviceAccounts, 'default', {});
  if (certificate === undefined) return;
  const data = { 'ca.crt': certificate };
  const published = await objects.get(configMaps, namespace, rootAuthority);
  if (published === undefined) await make(configMaps, rootAuthority, { data }, rootAuthorityNote);
  else if (!jsonEqual(memberOf(published.object, 'data'), data))
    // Whoever writes it at this moment asks for another turn.
    await objects.update(published, { ...published.object, data });
}

const rootAuthority = 'kube-root-ca.crt';
const rootAuthorityNote = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

const namespaceController = controller('namespace-controller');

/**
 * Pods go first: what they rely on, secrets and policies among it, stays until they have ended
 * (https://github.com/kubernetes/enhancements/issues/5080). What is left is told in the namespace's conditions.
 * @returns whether nothing is left and the namespace itself is gone, or waits for its own finalizers.
 * @throws {ApiError} something refuses to go; what did not has gone.
 */
export async function removeContent(cluster: Cluster, namespace: string): Promise<boolean> {
  const { objects, clock } = cluster;
  const isOfPods = (resource: Resource): boolean => resource === pods;
  const all = storedResources(cluster.catalogue).filter(({ isNamespaced }) => isNamespaced);
  let left = await removeAll(cluster, namespace, all.filter(isOfPods));
  if (left.remaining.length === 0)
    left = await removeAll(
      cluster,
      namespace,
      all.filter((resource) => !isOfPods(resource)),
    );
  const { remaining, refusals } = left;
  const present = await objects.get(namespaces, undefined, namespace);
  if (present === undefined) return true;
  const { object } = present;
  if (remaining.length > 0) {
    const words = refusals.map(({ message }) => message);
    const told = withConditions(object, remaining, words, clock.now());
    if (!jsonEqual(memberOf(told, 'status'), memberOf(object, 'status'))) await objects.update(present, told);
    if (refusals[0] !== undefined) throw refusals[0];
    return false;
  }
  // Whoever else has to do with its end takes it away with his own finalizer.
  const done =
    (object.metadata.finalizers ?? []).length === 0
      ? await objects.delete(present)
      : await objects.update(present, { ...object, spec: { ...memberOf(object, 'spec'), finalizers: [] } });
  return done !== undefined;
}

/** Deletes what a namespace has of some resources. @returns what is still there. */
async function removeAll(
  cluster: Cluster,
  namespace: string,
  resources: readonly Resource[],
): Promise<{ readonly remaining: readonly Remaining[]; readonly refusals: readonly ApiError[] }> {
  const remaining: Remaining[] = [];
  const refusals: ApiError[] = [];
  for (const resource of resources) {
    const { items } = await cluster.objects.list(resource, namespace);
    const isGone = await deleteAll(cluster, resource, items, namespaceController).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      refusals.push(error);
      return false;
    });
    if (isGone) continue;
    const after = await cluster.objects.list(resource, namespace);
    if (after.items.length > 0)
      remaining.push({ resource, objects: after.items.map(({ object }) => object) });
  }
  return { remaining, refusals };
}
