import { type Reader, recordKey, type Stored } from '../../../reconcile/index.ts';
import { clusterOfArn, containerInstanceId, type Scope } from '../arn.ts';
import type { TaskDemand } from '../placement/demand.ts';
import { registeredResources } from '../placement/instance.ts';
import { misfit } from '../placement/misfit.ts';
import { type ContainerInstanceRecord, containerInstances, fargateHosts } from '../records.ts';

/**
 * Where Fargate tasks go: every machine has a host for them, which speaks ACS as any agent does. Hosts are container
 * instances of the cluster `fargateHosts`, a name that no cluster can have, so nothing lists them or places other
 * tasks there, and they take tasks of every cluster of the account.
 *
 * A machine has its CPU and memory once. Its own container instance offers what its other instances leave, and the
 * host borrows from that instance: a Fargate task is reserved on both, and fits only where both have room.
 */

/** Attribute of a host: the ARN of the container instance that it borrows from. */
const lenderAttribute = 'catamaran.lender';

/** RunTask's and the services' words for no room (ECS API failure reasons; service event messages). */
export const capacityUnavailable =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone';

function hostsOf(reader: Reader, { accountId, region }: Scope): readonly Stored<ContainerInstanceRecord>[] {
  return reader.byIndex(containerInstances, 'registeredByCluster', `${accountId}/${region}/${fargateHosts}`);
}

/** The instance that a host borrows from; undefined when it borrows from none, or that one is gone. */
export function lenderOf(
  reader: Reader,
  scope: Scope,
  host: ContainerInstanceRecord,
): ContainerInstanceRecord | undefined {
  const arn = host.attributes.find(({ name }) => name === lenderAttribute)?.value;
  const cluster = arn === undefined ? undefined : clusterOfArn(arn);
  if (arn === undefined || cluster === undefined) return undefined;
  const { accountId, region } = scope;
  const key = recordKey(containerInstances, accountId, region, cluster, containerInstanceId(arn));
  const lender = reader.get(containerInstances, key);
  return lender?.status === 'INACTIVE' ? undefined : lender;
}

/** Grows with every change that can make room for Fargate tasks. */
export function fargateCapacityVersion(reader: Reader, scope: Scope): number {
  return hostsOf(reader, scope).reduce(
    (sum, { value: host }) => sum + host.version + (lenderOf(reader, scope, host)?.version ?? 0),
    0,
  );
}

/** The host for one more task, where most memory is left; undefined when none has room. */
export function chooseHost(
  reader: Reader,
  scope: Scope,
  demand: TaskDemand,
): ContainerInstanceRecord | undefined {
  let best: { readonly host: ContainerInstanceRecord; readonly memoryMiB: number } | undefined;
  for (const { value: host } of hostsOf(reader, scope)) {
    const lender = lenderOf(reader, scope, host);
    if (obstacleOf(host, lender, demand) !== undefined) continue;
    const memoryMiB = Math.min(memoryLeft(host), lender === undefined ? Infinity : memoryLeft(lender));
    if (best === undefined || memoryMiB > best.memoryMiB) best = { host, memoryMiB };
  }
  return best?.host;
}

export function noFargateCapacity(
  reader: Reader,
  scope: Scope,
  demand: TaskDemand,
): { readonly reason: string; readonly detail: string } {
  const obstacles = hostsOf(reader, scope).map(
    ({ value: host }) => obstacleOf(host, lenderOf(reader, scope, host), demand) ?? '',
  );
  const detail =
    obstacles.length === 0
      ? 'No machine takes Fargate tasks.'
      : `${[...new Set(obstacles)].sort().join(', ')} on every machine.`;
  return { reason: capacityUnavailable, detail };
}

/** The lender's agent has no part in it: only what it has left counts. */
function obstacleOf(
  host: ContainerInstanceRecord,
  lender: ContainerInstanceRecord | undefined,
  demand: TaskDemand,
): string | undefined {
  return (
    misfit(host, demand)?.reason ?? (lender && misfit({ ...lender, agentConnected: true }, demand)?.reason)
  );
}

function memoryLeft(instance: ContainerInstanceRecord): number {
  return registeredResources(instance).memoryMiB - instance.used.memoryMiB;
}
