import type { Claim, StorageClass, Volume } from '../controllers/volumes/objects.ts';
import { provisionedBy } from '../controllers/volumes/objects.ts';
import { localDriver, machineLabel } from './names.ts';
import { quantityOf } from './sizes.ts';

/** It holds a volume whose data goes with it until that has gone. */
export const dataFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

export const volumeNameOf = ({ metadata }: Claim): string => `pvc-${metadata.uid}`;

export const isLocalVolume = ({ metadata, spec }: Volume): boolean =>
  metadata.annotations?.[provisionedBy] === localDriver && spec.csi?.driver === localDriver;

/** The PersistentVolume of what a machine has made for a claim: whichever node of the machine a pod is on has it. */
export function localVolume(
  claim: Claim,
  { metadata: { name: storageClassName }, reclaimPolicy = 'Delete', mountOptions }: StorageClass,
  { machineId, sizeBytes }: { readonly machineId: string; readonly sizeBytes: number },
): object {
  const { namespace, name, uid } = claim.metadata;
  return {
    metadata: {
      name: volumeNameOf(claim),
      annotations: { [provisionedBy]: localDriver },
      ...(reclaimPolicy === 'Delete' && { finalizers: [dataFinalizer] }),
    },
    spec: {
      accessModes: claim.spec.accessModes ?? [],
      capacity: { storage: quantityOf(sizeBytes) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      csi: { driver: localDriver, volumeHandle: volumeNameOf(claim), fsType: 'ext4' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: machineLabel, operator: 'In', values: [machineId] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      ...{ storageClassName, volumeMode: 'Filesystem', ...(mountOptions && { mountOptions }) },
    },
  };
}
