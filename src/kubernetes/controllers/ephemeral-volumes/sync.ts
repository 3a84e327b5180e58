import { done, type Outcome } from '../../../reconcile/index.ts';
import { claims, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { controllerOf, type Pod } from '../objects.ts';
import { messageOf } from '../pod-control.ts';
import { isActive } from '../pods.ts';
import { claimResource } from '../volumes/resources.ts';
import { isNamespaceTerminating, isTaken } from '../writer.ts';
import { claimFor, ephemeralVolumes } from './plan.ts';

/** Makes the claims of a pod's volumes that are missing. */
export async function syncEphemeralVolumes({
  key,
  object: pod,
  reader,
  writer,
  events,
}: Work<Pod>): Promise<Outcome> {
  if (!isActive(pod)) return done;
  for (const volume of ephemeralVolumes(pod)) {
    const claim = claimFor(pod, volume);
    const { name } = claim.metadata;
    const present = reader.get(claims, siblingKey(key, claims, name));
    const fail = (why: string): void =>
      events.warning(pod, 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`);
    if (present !== undefined) {
      if (controllerOf(present)?.uid !== pod.metadata.uid)
        fail(
          `PVC ${pod.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`,
        );
      continue;
    }
    try {
      await writer.create(claimResource, pod.metadata.namespace, claim);
    } catch (error) {
      if (!isNamespaceTerminating(error)) fail(`create PVC ${name}: ${messageOf(error)}`);
      if (!isTaken(error)) throw error;
    }
  }
  return done;
}
