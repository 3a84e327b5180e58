import type { Transaction } from '../../../reconcile/index.ts';
import { disassociateFrom } from '../addresses/associations.ts';
import { releaseAddresses, releasePrefix } from '../addresses/ipam.ts';
import { releasePublicAddress } from '../addresses/public-pool.ts';
import { forgetToken } from '../client-token.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope } from '../records.ts';

/** Deletes an interface and frees its addresses; Elastic ones stay allocated, associated with nothing. */
export function removeInterface(tx: Transaction, scope: Scope, gone: NetworkInterfaceRecord): void {
  const { id, subnetId } = gone;
  releaseAddresses(tx, scope, subnetId, gone.privateIpv4Addresses, id);
  for (const prefix of gone.ipv4Prefixes) releasePrefix(tx, scope, subnetId, prefix, id);
  if (gone.autoAssignedPublicIpv4 !== undefined) releasePublicAddress(tx, gone.autoAssignedPublicIpv4, id);
  disassociateFrom(tx, scope, id);
  forgetToken(tx, scope, 'CreateNetworkInterface', gone.clientToken);
  tx.delete(networkInterfaces, ec2Key(networkInterfaces, scope, id));
}
