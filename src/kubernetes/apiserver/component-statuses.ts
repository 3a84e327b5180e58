import type { KubernetesObject } from '../objects/object.ts';
import type { Cluster } from './cluster.ts';

/**
 * What a control plane is made of, as clients of old ask for it: the store that it keeps its objects in, under the name that
 * stores have there. Controllers and the scheduler tell of themselves by leases.
 */
export async function componentStatuses({ objects }: Cluster): Promise<readonly KubernetesObject[]> {
  const answered = await objects.revision().then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    (error: unknown) => ({
      ...{ type: 'Healthy', status: 'False', message: '' },
      error: error instanceof Error ? error.message : String(error),
    }),
  );
  return [
    { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'etcd-0' }, conditions: [answered] },
  ];
}
