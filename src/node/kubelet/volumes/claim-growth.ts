import { parseQuantity } from '../../../quantity.ts';
import type { Api } from '../api/api-client.ts';
import { persistentVolumeClaims } from '../api/resources.ts';
import type { LocalDriver } from '../kubelet-options.ts';
import type { Claimed } from './persistent-volumes.ts';

/** What is left to do: nothing, or whoever makes the volume larger is not done yet. */
export type Growth = 'none' | 'grown' | 'awaited';

const endings = new Set(['FileSystemResizePending', 'Resizing']);
const nodesTurn = new Set(['NodeResizePending', 'NodeResizeInProgress']);

/**
 * Carries through on its node what a claim's volume has grown: its file system fills it, and the claim says so.
 * @returns `none` also where that has to wait until no pod has the volume.
 */
export async function finishGrowth(
  { claim, volume }: Claimed,
  driver: LocalDriver,
  api: Pick<Api, 'patch'>,
  signal: AbortSignal,
): Promise<Growth> {
  const { spec, status = {}, metadata } = claim;
  const [wanted, has, made] = [spec.resources?.requests, status.capacity, volume.spec.capacity].map((sizes) =>
    nanosOf(sizes?.storage),
  ) as [bigint, bigint, bigint];
  const { csi, capacity = {} } = volume.spec;
  if (csi === undefined || wanted <= has) return 'none';
  if (made < wanted || !nodesTurn.has(status.allocatedResourceStatuses?.storage ?? '')) return 'awaited';
  const { clusterId, volumes } = driver;
  if (!(await volumes.growFileSystem({ clusterId, name: csi.volumeHandle }))) return 'none';
  const body = {
    // Only as it was looked at.
    metadata: { resourceVersion: metadata.resourceVersion },
    status: {
      capacity: { storage: capacity.storage },
      conditions: status.conditions?.filter(({ type }) => !endings.has(type)) ?? [],
      allocatedResourceStatuses: null,
    },
  };
  const patch = { type: 'merge', body, subresource: 'status' } as const;
  await api.patch(persistentVolumeClaims, metadata.namespace, metadata.name, patch, signal);
  return 'grown';
}

const nanosOf = (quantity = '0'): bigint => parseQuantity(quantity)?.nanos ?? 0n;
