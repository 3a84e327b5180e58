import { done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { conflict } from '../../apiserver/status.ts';
import { clusterKey, clusterWide, pods, storageClasses, volumes } from '../collections.ts';
import type { Work } from '../controller.ts';
import { isTerminal } from '../pods.ts';
import { withoutVersion } from '../writer.ts';
import {
  annotationOf,
  bindCompleted,
  boundByController,
  type Claim,
  type ClaimStatus,
  classOf,
  isFor,
  olderStorageProvisioner,
  storageProvisioner,
  type Volume,
} from './objects.ts';
import { type ClaimView, planClaim } from './plan-claim.ts';
import { claimResource, volumeResource } from './resources.ts';

/** Finds a claim its volume, or has one made; says what has become of it. */
export async function syncClaim(work: Work<Claim>): Promise<Outcome> {
  const { object: claim, events } = work;
  if (claim.metadata.deletionTimestamp !== undefined && annotationOf(claim, bindCompleted) === undefined)
    return done;
  const plan = planClaim(claim, viewOf(work));
  if (plan.type === 'bind') {
    await bind(work, plan.volume);
    return done;
  }
  if (plan.type === 'provision') await announce(work, plan.provisioner);
  const { told } = plan;
  const phase = plan.type === 'lost' ? 'Lost' : 'Pending';
  // What is lost is told once.
  if (told !== undefined && !(phase === 'Lost' && claim.status?.phase === 'Lost'))
    events[told.type === 'Normal' ? 'normal' : 'warning'](claim, told.reason, told.message);
  await putStatus(work, phase === 'Lost' ? { phase } : { ...claim.status, phase });
  return done;
}

function viewOf({ key, object: claim, reader }: Work<Claim>): ClaimView {
  const { volumeName = '' } = claim.spec;
  const name = classOf(claim);
  const waiting = reader
    .byIndex(pods, 'claim', key)
    .map(({ value }) => value)
    .find((pod) => !isTerminal(pod) && (pod.spec.nodeName ?? '') === '');
  return {
    volumes: [
      ...reader.byIndex(volumes, 'claim', key),
      ...reader.byIndex(volumes, 'free', `${clusterWide(key, volumes)}${name}`),
    ].map(({ value }) => value),
    named: volumeName === '' ? undefined : reader.get(volumes, clusterKey(key, volumes, volumeName)),
    storageClass: name === '' ? undefined : reader.get(storageClasses, clusterKey(key, storageClasses, name)),
    waitingPod: waiting?.metadata.name,
  };
}

/** Step by step, each of which may have been done before: the volume first, so that nobody else takes it. */
async function bind(work: Work<Claim>, volume: Volume): Promise<void> {
  const { object: claim, writer } = work;
  const { namespace = '', name, uid } = claim.metadata;
  const own = { namespace, name, uid };
  if (volume.spec.claimRef?.uid !== uid) {
    await writer.change<Volume>(volumeResource, volume, ({ metadata, spec, ...present }) => {
      // Another claim was faster.
      if (spec.claimRef !== undefined && !isFor({ ...present, metadata, spec }, claim))
        throw conflict(volumeResource, metadata.name);
      const annotations =
        spec.claimRef === undefined
          ? { ...metadata.annotations, [boundByController]: 'yes' }
          : metadata.annotations;
      return {
        ...present,
        metadata: { ...withoutVersion(metadata), ...(annotations && { annotations }) },
        spec: { ...spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', ...own } },
      };
    });
  }
  const isNamed = claim.spec.volumeName === volume.metadata.name;
  if (!isNamed || annotationOf(claim, bindCompleted) === undefined) {
    await writer.change<Claim>(claimResource, claim, ({ metadata, spec, ...present }) => ({
      ...present,
      metadata: {
        ...withoutVersion(metadata),
        annotations: {
          ...metadata.annotations,
          ...((spec.volumeName ?? '') === '' && { [boundByController]: 'yes' }),
          [bindCompleted]: 'yes',
        },
      },
      spec: { ...spec, volumeName: volume.metadata.name },
    }));
  }
  const isNew = claim.status?.phase !== 'Bound';
  const { accessModes = [], capacity = {} } = volume.spec;
  // One that grows says itself how large it has become.
  const has = isNew
    ? { accessModes, capacity }
    : { accessModes, capacity: claim.status?.capacity ?? capacity };
  await putStatus(work, { ...claim.status, phase: 'Bound', ...has });
}

/** Whoever makes volumes by that name finds it. */
async function announce({ object: claim, writer }: Work<Claim>, provisioner: string): Promise<void> {
  if (annotationOf(claim, storageProvisioner) === provisioner) return;
  await writer.change<Claim>(claimResource, claim, ({ metadata, ...present }) => ({
    ...present,
    metadata: {
      ...withoutVersion(metadata),
      annotations: {
        ...metadata.annotations,
        ...{ [storageProvisioner]: provisioner, [olderStorageProvisioner]: provisioner },
      },
    },
  }));
}

async function putStatus({ object, writer }: Work<Claim>, status: ClaimStatus): Promise<void> {
  if (!jsonEqual(status as never, (object.status ?? {}) as never))
    await writer.putStatus(claimResource, object, status);
}
