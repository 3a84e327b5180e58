import { done, type Outcome } from '../../../reconcile/index.ts';
import { pods } from '../collections.ts';
import type { Work } from '../controller.ts';
import { withoutFinalizer } from '../finalizer.ts';
import { type Claim, claimProtection, type Volume, volumeProtection } from './objects.ts';
import { claimResource, volumeResource } from './resources.ts';

/** A claim that is deleted goes when no pod that has a node uses it any more. */
export async function syncClaimProtection({ key, object, reader, writer }: Work<Claim>): Promise<Outcome> {
  const isUsed = reader.byIndex(pods, 'claim', key).some(({ value }) => (value.spec.nodeName ?? '') !== '');
  if (!isUsed) await withoutFinalizer(writer, claimResource, object, claimProtection);
  return done;
}

/** A volume that is deleted goes when no claim has it any more. */
export async function syncVolumeProtection({ object, writer }: Work<Volume>): Promise<Outcome> {
  if (object.status?.phase !== 'Bound')
    await withoutFinalizer(writer, volumeResource, object, volumeProtection);
  return done;
}
