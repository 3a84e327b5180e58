import type { Socket } from 'node:net';
import type { Runtime } from '../../runtime/index.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';

/** Where a connection comes from: as the machine's own listener sees it. */
export interface Asker {
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
  /** Of whoever asks within a VPC: there an address means something else in each. */
  readonly interfaceId: string | undefined;
}

export const askerOf = ({ remoteAddress, localAddress }: Socket, interfaceId: string | undefined): Asker => ({
  remoteAddress: withoutMapping(remoteAddress),
  localAddress: withoutMapping(localAddress),
  interfaceId,
});

/**
 * Whether a task's own container asks, by the address that its network namespace has. In host mode that namespace is the
 * machine's: there only the id tells one task from another. Containers of a task that has ended ask nothing any more,
 * whoever has their addresses now.
 * @returns `unknown`: not by what is known of the task's containers, which may be older than they are.
 */
export function comesFrom(
  owner: TaskOwner,
  { remoteAddress, localAddress, interfaceId }: Asker,
): boolean | 'unknown' {
  if (remoteAddress === undefined || owner.progress.isReleased) return false;
  const { network } = owner.plan.sandbox;
  if (network.mode === 'interface' || interfaceId !== undefined)
    return network.mode === 'interface' && network.interfaceId === interfaceId;
  if (network.mode === 'private') return network.ipv4 === remoteAddress;
  // The machine reaches its own addresses from themselves.
  if (owner.task.networkMode === 'host') return remoteAddress === localAddress;
  const isKnown = owner.plan.containers.some(({ name }) =>
    owner.observed(name)?.ipv4Addresses.includes(remoteAddress),
  );
  return isKnown || 'unknown';
}

/** The same, of containers that the engine is asked about: they may ask before anything else is known of their start. */
export async function comesFromNow(
  owner: TaskOwner,
  { remoteAddress }: Asker,
  runtime: Runtime,
): Promise<boolean> {
  if (remoteAddress === undefined) return false;
  const found = await Promise.all(
    owner.plan.containers
      .filter(({ spec }) => spec.network.mode === 'bridge')
      .map(({ spec }) => runtime.inspectContainer(spec.name)),
  );
  return found.some((container) => container?.ipv4Addresses.includes(remoteAddress));
}

const withoutMapping = (address: string | undefined): string | undefined => address?.replace(/^::ffff:/, '');
