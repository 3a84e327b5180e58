import { again, done, type Outcome } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { clusterKey, clusterWide, nodes, storageClasses, volumes } from '../controllers/collections.ts';
import type { Work } from '../controllers/controller.ts';
import { type Claim, classOf, type StorageClass, selectedNode } from '../controllers/volumes/objects.ts';
import { claimResource, volumeResource } from '../controllers/volumes/resources.ts';
import { isTaken, withoutVersion } from '../controllers/writer.ts';
import { localVolume, volumeNameOf } from './local-volume.ts';
import { planProvision } from './plan-provision.ts';
import { localVolumeKey, localVolumeReportKey, localVolumeReports, localVolumes } from './records.ts';

/** What is refused is tried again so often, where nobody says that something has changed. */
const refusedMs = 60_000;

/** Has a machine make the volume of a claim that waits for one, and writes the PersistentVolume when it is there. */
export const syncClaim =
  ({ state }: Pick<KubernetesContext, 'state'>) =>
  async (work: Work<Claim>): Promise<Outcome> => {
    const { key, object: claim, reader, writer, events, now } = work;
    const { namespace = '', name, uid, deletionTimestamp } = claim.metadata;
    const storageClass = reader.get(storageClasses, clusterKey(key, storageClasses, classOf(claim)));
    const volumeName = volumeNameOf(claim);
    // Binding is another's: what is there is not made again.
    const isMade = reader.get(volumes, clusterKey(key, volumes, volumeName)) !== undefined;
    if (deletionTimestamp !== undefined || (claim.spec.volumeName ?? '') !== '' || isMade) return done;
    if (storageClass === undefined) return done;
    const recordKey = localVolumeKey(key, volumeName);
    const plan = planProvision(claim, {
      storageClass,
      nodes: Array.from(reader.list(nodes, clusterWide(key, nodes)), ({ value }) => value),
      asked: reader.get(localVolumes, recordKey),
      report: reader.get(localVolumeReports, localVolumeReportKey(key, volumeName)),
    });
    const failed = (message: string): void =>
      events.warning(claim, 'ProvisioningFailed', failure(storageClass, message));
    switch (plan.type) {
      case 'wait':
        return done;
      case 'refuse':
        failed(plan.message);
        return again(refusedMs);
      case 'give-up':
        failed(plan.message);
        await state.transact((tx) => tx.delete(localVolumes, recordKey));
        await unselectNode(work);
        return again(refusedMs);
      case 'ask': {
        const { machineId, sizeBytes } = plan;
        const record = { machineId, sizeBytes, askedAt: now, claim: { namespace, name, uid } };
        events.normal(
          claim,
          'Provisioning',
          `External provisioner is provisioning volume for claim "${namespace}/${name}"`,
        );
        await state.transact((tx) => tx.put(localVolumes, recordKey, record));
        return done;
      }
      case 'create':
        await writer
          .create(volumeResource, undefined, localVolume(claim, storageClass, plan))
          .catch((error: unknown) => {
            if (!isTaken(error)) throw error;
          });
        events.normal(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
        return done;
    }
  };

const failure = ({ metadata }: StorageClass, message: string): string =>
  `failed to provision volume with StorageClass "${metadata.name}": ${message}`;

/** The pod is placed anew, where there is room. */
async function unselectNode({ object, writer }: Work<Claim>): Promise<void> {
  await writer.change<Claim>(claimResource, object, ({ metadata, ...present }) => {
    const { [selectedNode]: _, ...annotations } = metadata.annotations ?? {};
    return { ...present, metadata: { ...withoutVersion(metadata), annotations } };
  });
}
