import type { Transaction } from '../../../reconcile/index.ts';
import { takePublicAddress } from '../addresses/public-pool.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope } from '../records.ts';
import { removeInterface } from './remove-interface.ts';

/**
 * Gives an interface that was made in this transaction a public address of Amazon's, which goes with it. Undefined: none is
 * free, and the interface is gone again.
 */
export function withPublicAddress(
  tx: Transaction,
  publicCidr: string,
  scope: Scope,
  made: NetworkInterfaceRecord,
): NetworkInterfaceRecord | undefined {
  const publicIpv4 = takePublicAddress(tx, publicCidr, scope, made.id);
  if (publicIpv4 === undefined) {
    removeInterface(tx, scope, made);
    return undefined;
  }
  const record = { ...made, autoAssignedPublicIpv4: publicIpv4 };
  tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, made.id), record);
  return record;
}
