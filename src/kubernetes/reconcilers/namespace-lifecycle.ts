import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import { type ControlPlaneRecord, controlPlanes } from '../records.ts';
import type { ControlPlanes } from './cluster-control-plane.ts';

const namespaceRecords = objectRecords('namespaces');

/** Objects in a namespace that wait for their finalizers are looked at again so often. */
const lookAgainMs = 1_000;

/**
 * Gives every namespace what it has from the beginning, the ServiceAccount `default` and the ConfigMap
 * `kube-root-ca.crt`, and takes along what is in one that is deleted.
 */
export function namespaceLifecycle(context: KubernetesContext, running: ControlPlanes): Reconciler {
  const whenGone =
    (name: string) =>
    ({ key, after }: { readonly key: RecordKey; readonly after: object | undefined }) =>
      after === undefined && key.endsWith(`/${name}`) ? [namespaceKeyOf(key)] : [];
  return {
    name: 'kubernetes-namespace-lifecycle',
    watches: [
      watching(namespaceRecords, ({ key }) => [key]),
      watching(objectRecords('serviceaccounts'), whenGone('default')),
      // A namespace gets back what somebody has deleted or changed.
      watching(objectRecords('configmaps'), ({ key }) =>
        key.endsWith('/kube-root-ca.crt') ? [namespaceKeyOf(key)] : [],
      ),
      // From then on the cluster's authority is known.
      watching<ControlPlaneRecord>(controlPlanes, ({ key, before }) =>
        before === undefined ? namespaceKeysOf(context, key) : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const found = context.state.get(namespaceRecords, key);
      if (found === undefined) return done;
      const place = placeOfObject(key);
      const { ensureDefaults, removeContent } = await import('../clusters/namespace-content.ts');
      if (found.metadata.deletionTimestamp === undefined) {
        await ensureDefaults(context, place, found.metadata.name);
        return done;
      }
      const cluster = running.clusterOf(place);
      const isGone = cluster !== undefined && (await removeContent(cluster, found.metadata.name));
      return isGone ? done : again(lookAgainMs);
    },
  };
}

/** The namespaces of a cluster, by the key of its control plane. */
function namespaceKeysOf({ state }: KubernetesContext, key: string): readonly string[] {
  const prefix = recordsPrefix(namespaceRecords.noun, placeOfObject(key));
  return [...state.list(namespaceRecords, prefix)].map((record) => record.key);
}

/** Of an object in a namespace: `/kubernetes/<account>/<region>/<resource>/<cluster>/<namespace>/<name>`. */
function namespaceKeyOf(key: string): string {
  const [, service = '', accountId = '', region = '', , id = '', namespace = ''] = key.split('/');
  return ['', service, accountId, region, namespaceRecords.noun, id, namespace].join('/');
}
