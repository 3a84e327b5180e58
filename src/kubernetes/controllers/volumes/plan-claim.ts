import { matchingVolume, unfit } from './match.ts';
import {
  annotationOf,
  bindCompleted,
  boundByController,
  type Claim,
  classOf,
  isFor,
  type StorageClass,
  selectedNode,
  type Volume,
} from './objects.ts';

export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What is done about a claim. */
export type ClaimPlan =
  /** They become each other's, or what is missing of it is written. */
  | { readonly type: 'bind'; readonly volume: Volume }
  | { readonly type: 'pending'; readonly told: Told | undefined }
  /** Somebody outside is to make its volume. */
  | { readonly type: 'provision'; readonly provisioner: string; readonly told: Told }
  | { readonly type: 'lost'; readonly told: Told };

export interface ClaimView {
  /** Those that the claim may get: all of the cluster's that are of its class or kept for it. */
  readonly volumes: readonly Volume[];
  /** The one that it names; undefined: it names none, or it is not there. */
  readonly named: Volume | undefined;
  /** Undefined: there is none of the name. */
  readonly storageClass: StorageClass | undefined;
  /** A pod that waits for it. */
  readonly waitingPod: string | undefined;
}

/** What becomes of a claim, bound or not. */
export function planClaim(claim: Claim, view: ClaimView): ClaimPlan {
  if (annotationOf(claim, bindCompleted) !== undefined) return planBound(claim, view);
  const { volumeName = '' } = claim.spec;
  return volumeName === '' ? planUnbound(claim, view) : planNamed(claim, volumeName, view);
}

function planUnbound(claim: Claim, { volumes, storageClass, waitingPod }: ClaimView): ClaimPlan {
  const isFirst = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const isDelayed = isFirst && annotationOf(claim, selectedNode) === undefined;
  const volume = matchingVolume(claim, volumes, isFirst);
  if (volume !== undefined) return { type: 'bind', volume };
  if (isDelayed) {
    return waitingPod === undefined
      ? pending('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
      : pending('WaitForPodScheduled', `waiting for pod ${waitingPod} to be scheduled`);
  }
  const name = classOf(claim);
  if (name === '')
    return pending(
      'FailedBinding',
      'no persistent volumes available for this claim and no storage class is set',
    );
  if (storageClass === undefined)
    return pending('ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`, 'Warning');
  return provision(storageClass.provisioner);
}

/** Those that a CSI driver makes by now. */
const migrated: Readonly<Record<string, string>> = { 'kubernetes.io/aws-ebs': 'ebs.csi.aws.com' };

function provision(asked: string): ClaimPlan {
  const provisioner = migrated[asked] ?? asked;
  if (provisioner.startsWith('kubernetes.io/'))
    return pending('ProvisioningFailed', `no volume plugin matched name: ${provisioner}`, 'Warning');
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  return {
    type: 'provision',
    provisioner,
    told: { type: 'Normal', reason: 'ExternalProvisioning', message },
  };
}

function planNamed(claim: Claim, name: string, { named }: ClaimView): ClaimPlan {
  if (named === undefined) return { type: 'pending', told: undefined };
  if (named.spec.claimRef === undefined) {
    const why = unfit(named, claim);
    if (why === undefined) return { type: 'bind', volume: named };
    return pending('VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`, 'Warning');
  }
  if (isFor(named, claim)) return { type: 'bind', volume: named };
  if (annotationOf(claim, boundByController) !== undefined) return { type: 'pending', told: undefined };
  return pending('FailedBinding', `volume "${name}" already bound to a different claim.`, 'Warning');
}

function planBound(claim: Claim, { named }: ClaimView): ClaimPlan {
  const { volumeName = '' } = claim.spec;
  if (volumeName === '')
    return lost(
      'ClaimLost',
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    );
  if (named === undefined)
    return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  if (named.spec.claimRef === undefined || isFor(named, claim)) return { type: 'bind', volume: named };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

const pending = (reason: string, message: string, type: Told['type'] = 'Normal'): ClaimPlan => ({
  type: 'pending',
  told: { type, reason, message },
});

const lost = (reason: string, message: string): ClaimPlan => ({
  type: 'lost',
  told: { type: 'Warning', reason, message },
});
