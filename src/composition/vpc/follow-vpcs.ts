import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { VpcNetwork } from '../../network/index.ts';
import type { VpcTopology } from '../../topology/index.ts';
import { followKeys } from '../follow-keys.ts';

/** EC2's side: what VPCs there are, and which of them a commit may have changed. */
export interface VpcSource {
  /** All of them, by the keys of their records. */
  vpcKeys(): readonly string[];
  /** Undefined: there is no such VPC any more. */
  topologyOf(vpcKey: string): VpcTopology | undefined;
  /** Told of every commit that may have changed a VPC. */
  subscribe(changed: (vpcKey: string) => void): Disposable;
}

/** What answers within VPCs, such as their resolvers. Disposed of, it answers in none. */
export interface VpcTenant extends AsyncDisposable {
  /** Called once a VPC is on the machine, and after every change of it. */
  settle(vpc: VpcTopology, vpcKey: string): Promise<void>;
  /** The VPC is gone. */
  leave(vpcId: string): Promise<void>;
}

export interface FollowOptions {
  readonly source: VpcSource;
  readonly network: Pick<VpcNetwork, 'apply' | 'remove'>;
  readonly machineId: string;
  readonly tenants: readonly VpcTenant[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps the VPCs of this machine as EC2 describes them, from now on. A VPC comes to the machine with its first network
 * interface there: one that nobody uses on it costs nothing.
 */
export function followVpcs({
  source,
  network,
  machineId,
  tenants,
  clock,
  log,
}: FollowOptions): AsyncDisposable {
  /** Ids of what is on the machine, by key. */
  const onMachine = new Map<string, string>();
  const make = async (vpcKey: string): Promise<void> => {
    const vpc = source.topologyOf(vpcKey);
    const known = onMachine.get(vpcKey);
    if (vpc === undefined) {
      if (known === undefined) return;
      for (const tenant of tenants) await tenant.leave(known);
      await network.remove(known);
      onMachine.delete(vpcKey);
      return;
    }
    if (known === undefined && !vpc.interfaces.some((each) => each.machineId === machineId)) return;
    await network.apply(vpc);
    onMachine.set(vpcKey, vpc.id);
    for (const tenant of tenants) await tenant.settle(vpc, vpcKey);
  };
  return followKeys(
    { keys: () => source.vpcKeys(), subscribe: (changed) => source.subscribe(changed) },
    make,
    (vpcKey, error) =>
      log.error('A VPC cannot be made so on this machine: it is tried again', { vpcKey, error }),
    clock,
  );
}
