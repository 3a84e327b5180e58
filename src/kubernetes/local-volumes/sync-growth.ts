import { again, done, type Outcome } from '../../reconcile/index.ts';
import { jsonEqual } from '../../store/index.ts';
import type { KubernetesContext } from '../context.ts';
import { clusterKey, volumes } from '../controllers/collections.ts';
import type { Work } from '../controllers/controller.ts';
import type { Condition } from '../controllers/objects.ts';
import type { Claim, ClaimStatus, Volume } from '../controllers/volumes/objects.ts';
import { claimResource, volumeResource } from '../controllers/volumes/resources.ts';
import { type Writer, withoutVersion } from '../controllers/writer.ts';
import { timestamp } from '../objects/object.ts';
import { isLocalVolume } from './local-volume.ts';
import { rpc } from './plan-provision.ts';
import { localVolumeKey, localVolumeReportKey, localVolumeReports, localVolumes } from './records.ts';
import { bytesOf, quantityOf } from './sizes.ts';

const refusedMs = 30_000;
const pendingWords = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.';

/** Has the volume of a claim that asks for more grow on its machine; the file system in it is for the node to make larger. */
export const syncGrowth =
  ({ state }: Pick<KubernetesContext, 'state'>) =>
  async (work: Work<Claim>): Promise<Outcome> => {
    const { key, object: claim, reader, writer, events, now } = work;
    const volume = reader.get(volumes, clusterKey(key, volumes, claim.spec.volumeName ?? ''));
    if (volume === undefined || !isLocalVolume(volume)) return done;
    const { name } = volume.metadata;
    const { driver = '', volumeHandle = '' } = volume.spec.csi ?? {};
    const recordKey = localVolumeKey(key, volumeHandle);
    const asked = reader.get(localVolumes, recordKey);
    const sizeBytes = bytesOf(claim.spec.resources?.requests);
    if (asked === undefined) return done;
    const ask = (): Promise<void> =>
      state.transact((tx) => {
        const present = tx.get(localVolumes, recordKey);
        // One that is to go does not grow.
        if (present !== undefined) tx.put(localVolumes, recordKey, { ...present, sizeBytes, askedAt: now });
      });
    if (sizeBytes <= bytesOf(claim.status?.capacity)) {
      if (asked.sizeBytes > sizeBytes) await ask();
      await clear(work);
      return done;
    }
    if (asked.sizeBytes !== sizeBytes) {
      events.normal(claim, 'Resizing', `External resizer is resizing volume ${name}`);
      await tell(work, 'ControllerResizeInProgress', { type: 'Resizing' });
      await ask();
      return done;
    }
    const report = reader.get(localVolumeReports, localVolumeReportKey(key, volumeHandle));
    if (report?.askedAt !== asked.askedAt) return done;
    if (report.refusal !== undefined) {
      const { code, message } = report.refusal;
      if (now - asked.askedAt >= refusedMs) await ask();
      else
        events.warning(
          claim,
          'VolumeResizeFailed',
          `resize volume "${name}" by resizer "${driver}" failed: ${rpc(code, message)}`,
        );
      return again(refusedMs);
    }
    await widen(writer, volume, report.sizeBytes);
    if (await tell(work, 'NodeResizePending', { type: 'FileSystemResizePending', message: pendingWords }))
      events.normal(claim, 'FileSystemResizeRequired', 'Require file system resize of volume on node');
    return done;
  };

async function widen(writer: Writer, volume: Volume, bytes: number): Promise<void> {
  if (bytesOf(volume.spec.capacity) >= bytes) return;
  await writer.change<Volume>(volumeResource, volume, ({ metadata, spec, ...present }) => ({
    ...present,
    metadata: withoutVersion(metadata),
    spec: { ...spec, capacity: { ...spec.capacity, storage: quantityOf(bytes) } },
  }));
}

const ofGrowth = new Set(['FileSystemResizePending', 'Resizing']);

/** Who asked for more asks for what there is. */
async function clear({ object, writer }: Work<Claim>): Promise<void> {
  const { allocatedResourceStatuses: _, conditions = [], ...status } = object.status ?? {};
  const others = conditions.filter(({ type }) => !ofGrowth.has(type));
  const left = { ...status, ...(others.length > 0 && { conditions: others }) };
  await writer.putStatus(claimResource, object, left);
}

/** Says how far a claim has come. @returns whether that is new. */
async function tell(
  { object: claim, writer, now }: Work<Claim>,
  progress: string,
  condition: Pick<Condition, 'message' | 'type'>,
): Promise<boolean> {
  const storage = claim.spec.resources?.requests?.storage ?? '0';
  const own = { allocatedResources: { storage }, allocatedResourceStatuses: { storage: progress } };
  const { allocatedResources, allocatedResourceStatuses } = claim.status ?? {};
  if (jsonEqual(own as never, { allocatedResources, allocatedResourceStatuses } as never)) return false;
  const told = { ...condition, status: 'True', lastTransitionTime: timestamp(now) };
  await writer.change<Claim>(
    claimResource,
    claim,
    ({ metadata, status = {}, ...present }) => ({
      ...{ ...present, metadata: withoutVersion(metadata) },
      status: {
        ...{ ...status, ...own },
        conditions: [...(status.conditions ?? []).filter(({ type }) => !ofGrowth.has(type)), told],
      } satisfies ClaimStatus,
    }),
    'status',
  );
  return true;
}
