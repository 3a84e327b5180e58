import type { Transaction } from '../../../reconcile/index.ts';
import { type AddressRecord, addresses, ec2Key, type Scope } from '../records.ts';

/** Ends the associations of an interface's Elastic IP addresses: of all, or of one private address. */
export function disassociateFrom(
  tx: Transaction,
  scope: Scope,
  networkInterfaceId: string,
  privateIpv4?: string,
): void {
  for (const { value } of tx.byIndex(addresses, 'interface', networkInterfaceId)) {
    const elastic = tx.get(addresses, ec2Key(addresses, scope, value.allocationId));
    if (elastic?.association?.networkInterfaceId !== networkInterfaceId) continue;
    if (privateIpv4 === undefined || elastic.association.privateIpv4 === privateIpv4)
      disassociate(tx, scope, elastic);
  }
}

/** It stays allocated. */
export function disassociate(tx: Transaction, scope: Scope, elastic: AddressRecord): void {
  const { association: _ended, ...rest } = elastic;
  tx.put(addresses, ec2Key(addresses, scope, elastic.allocationId), rest);
}
