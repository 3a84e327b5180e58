import type { DeleteSubnetCommandInput } from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { forgetSubnetAddresses } from '../addresses/ipam.ts';
import type { Ec2Context } from '../context.ts';
import { deleteUnused } from '../deletion.ts';
import { hasDependencies } from '../errors.ts';
import { kinds } from '../kinds.ts';
import { natGateways, networkInterfaces, subnetAddresses } from '../records.ts';
import { removeAssociationsOf } from '../route-tables/associations.ts';
import { forgetBlock } from './new-subnet.ts';

/** Its route table loses the association. @throws InvalidSubnetID.NotFound, DependencyViolation */
export async function deleteSubnet(
  { state }: Ec2Context,
  { SubnetId }: DeleteSubnetCommandInput,
  call: Call,
): Promise<object> {
  const named = { id: SubnetId, parameter: 'SubnetId' };
  await deleteUnused(
    state,
    call,
    kinds.subnet,
    named,
    (tx, { id }) => {
      if (isUsed(tx, id)) throw hasDependencies('subnet', id);
    },
    (tx, subnet) => {
      forgetSubnetAddresses(tx, call, subnet.id);
      forgetBlock(tx, call, subnet);
      removeAssociationsOf(tx, call, subnet.id);
    },
  );
  return {};
}

function isUsed(tx: Transaction, subnetId: string): boolean {
  return (
    tx.countByIndex(networkInterfaces, 'subnet', subnetId) > 0 ||
    tx.countByIndex(subnetAddresses, 'subnet', subnetId) > 0 ||
    tx
      .byIndex(natGateways, 'subnet', subnetId)
      .some(({ value }) => value.state !== 'deleted' && value.state !== 'failed')
  );
}
