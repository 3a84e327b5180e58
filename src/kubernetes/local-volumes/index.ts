/**
 * Volumes that machines make for claims: the dynamic provisioner of the default StorageClass. The one idea to know: what is
 * wanted of a machine is a record (`local-volume`) and what it has is another (`local-volume-report`), each with one writer;
 * a PersistentVolume is written when its machine has the room set aside, and goes after its data has gone.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { type RunningClusters, reconcilerOf } from '../controllers/controller.ts';
import { abandonedVolumes } from './abandoned-volumes.ts';
import { localProvisioner, localVolumeGrowth, localVolumeRemoval } from './declaration.ts';

export function localVolumeControllers(
  context: KubernetesContext,
  running: RunningClusters,
): readonly Reconciler[] {
  return [
    reconcilerOf(context, running, localProvisioner(context)),
    reconcilerOf(context, running, localVolumeGrowth(context)),
    reconcilerOf(context, running, localVolumeRemoval(context)),
    abandonedVolumes(context),
  ];
}
