import {
  again,
  type Collection,
  done,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-store.ts';
import { type ControlPlaneRecord, controlPlanes } from '../records.ts';

/** Objects of a resource as records: the same keys, read from memory. */
const objectsOf = (noun: string): Collection<object> => ({ service: 'kubernetes', noun, indexes: {} });
const namespaceRecords = objectsOf('namespaces');

/** Objects in a namespace that wait for their finalizers are looked at again so often. */
const lookAgainMs = 1_000;

/**
 * Gives every namespace what it has from the beginning, the ServiceAccount `default` and the ConfigMap
 * `kube-root-ca.crt`, and takes along what is in one that is deleted.
 */
export function namespaceLifecycle(context: KubernetesContext): Reconciler {
  const whenGone =
    (name: string) =>
    ({ key, after }: { readonly key: RecordKey; readonly after: object | undefined }) =>
      after === undefined && key.endsWith(`/${name}`) ? [namespaceKeyOf(key)] : [];
  return {
    name: 'kubernetes-namespace-lifecycle',
    watches: [
      watching<object>(namespaceRecords, ({ key }) => [key]),
      watching<object>(objectsOf('serviceaccounts'), whenGone('default')),
      watching<object>(objectsOf('configmaps'), whenGone('kube-root-ca.crt')),
      // From then on the cluster's authority is known.
      watching<ControlPlaneRecord>(controlPlanes, ({ key, before }) =>
        before === undefined ? namespaceKeysOf(context, key) : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const found = context.state.get<object>(namespaceRecords, key) as KubernetesObject | undefined;
      if (found === undefined) return done;
      const place = placeOf(key);
      const { ensureDefaults, removeContent } = await import('../clusters/namespace-content.ts');
      if (found.metadata.deletionTimestamp === undefined) {
        await ensureDefaults(context, place, found.metadata.name);
        return done;
      }
      return (await removeContent(context, place, found.metadata.name)) ? done : again(lookAgainMs);
    },
  };
}

/** The namespaces of a cluster, by the key of its control plane. */
function namespaceKeysOf({ state }: KubernetesContext, key: string): readonly string[] {
  const [, service = '', accountId = '', region = '', , id = ''] = key.split('/');
  const prefix = `${['', service, accountId, region, namespaceRecords.noun, id].join('/')}/`;
  return [...state.list(namespaceRecords, prefix)].map((record) => record.key);
}

/** Of an object in a namespace: `/kubernetes/<account>/<region>/<resource>/<cluster>/<namespace>/<name>`. */
function namespaceKeyOf(key: string): string {
  const [, service = '', accountId = '', region = '', , id = '', namespace = ''] = key.split('/');
  return ['', service, accountId, region, namespaceRecords.noun, id, namespace].join('/');
}

function placeOf(key: string): ClusterPlace {
  const [, , accountId = '', region = '', , id = ''] = key.split('/');
  return { accountId, region, id };
}
