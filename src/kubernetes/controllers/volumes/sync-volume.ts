import { done, type Outcome } from '../../../reconcile/index.ts';
import { timestamp } from '../../objects/object.ts';
import { claims, keyWithin } from '../collections.ts';
import type { Work } from '../controller.ts';
import { withoutVersion } from '../writer.ts';
import { boundByController, type Claim, type Volume, type VolumeStatus } from './objects.ts';
import { planVolume, type VolumePlan } from './plan-volume.ts';
import { volumeResource } from './resources.ts';

/** Says what has become of a volume, and lets go of a claim that has another. */
export async function syncVolume(work: Work<Volume>): Promise<Outcome> {
  const { object: volume, events } = work;
  const plan = planVolume(volume, claimOf(work));
  if (plan.claimRef !== undefined) await release(work, plan.claimRef.becomes);
  const isTold = plan.phase === 'Failed' && volume.status?.phase !== 'Failed';
  if (isTold && plan.reason !== undefined) events.warning(volume, plan.reason, plan.message ?? '');
  await putStatus(work, plan);
  return done;
}

/** The very one that it is kept for. */
function claimOf({ key, object, reader }: Work<Volume>): Claim | undefined {
  const { namespace = '', name = '', uid = '' } = object.spec.claimRef ?? {};
  if (uid === '') return undefined;
  const found = reader.get(claims, keyWithin(key, claims, namespace, name));
  return found?.metadata.uid === uid ? found : undefined;
}

function release({ object, writer }: Work<Volume>, becomes: Volume['spec']['claimRef']): Promise<void> {
  return writer.change<Volume>(volumeResource, object, ({ metadata, spec, ...present }) => {
    const { claimRef: _, ...others } = spec;
    const { [boundByController]: _2, ...annotations } = metadata.annotations ?? {};
    return {
      ...present,
      metadata: { ...withoutVersion(metadata), annotations },
      spec: { ...others, ...(becomes && { claimRef: becomes }) },
    };
  });
}

async function putStatus(
  { object, writer, now }: Work<Volume>,
  { phase, reason, message }: VolumePlan,
): Promise<void> {
  const { status: present = {} } = object;
  if (present.phase === phase && present.reason === reason && present.message === message) return;
  const { lastPhaseTransitionTime } = present;
  const status: VolumeStatus = {
    ...{ phase, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) },
    lastPhaseTransitionTime:
      present.phase === phase && lastPhaseTransitionTime !== undefined
        ? lastPhaseTransitionTime
        : timestamp(now),
  };
  await writer.putStatus(volumeResource, object, status);
}
