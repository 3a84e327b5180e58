import type { Cluster } from '../apiserver/cluster.ts';
import { localDriver } from '../local-volumes/names.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { ensure } from './bootstrap.ts';

const storageClasses = resourceNamed('storage.k8s.io', 'storageclasses');
const isDefault = 'storageclass.kubernetes.io/is-default-class';

/** What the machines' volumes can do: there is nothing to attach, and a pod's `fsGroup` gets them. As `ensure`. */
export const makeDriver = (cluster: Cluster): Promise<boolean> =>
  ensure(cluster, resourceNamed('storage.k8s.io', 'csidrivers'), undefined, {
    metadata: { name: localDriver },
    spec: { attachRequired: false, fsGroupPolicy: 'File' },
  });

/**
 * The classes whose volumes machines make: `local`, which is the default unless another already is, and `gp2`, for every
 * cluster of EKS has one of the name and manifests ask for it.
 */
export async function makeStorageClasses(cluster: Cluster): Promise<void> {
  const present = cluster.inMemory.all(storageClasses);
  const hasDefault = present.some(
    ({ metadata }) => metadata.name !== 'local' && metadata.annotations?.[isDefault] === 'true',
  );
  const make = (metadata: object): Promise<boolean> =>
    ensure(cluster, storageClasses, undefined, {
      metadata,
      ...{ provisioner: localDriver, reclaimPolicy: 'Delete', allowVolumeExpansion: true },
      volumeBindingMode: 'WaitForFirstConsumer',
    } as never);
  await make({ name: 'local', ...(!hasDefault && { annotations: { [isDefault]: 'true' } }) });
  await make({ name: 'gp2' });
}
