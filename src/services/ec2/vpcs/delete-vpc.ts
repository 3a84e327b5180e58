import type { DeleteVpcCommandInput } from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { deleteUnused } from '../deletion.ts';
import { hasDependencies } from '../errors.ts';
import { kinds } from '../kinds.ts';
import {
  internetGateways,
  natGateways,
  networkAcls,
  networkInterfaces,
  routeTables,
  type Scope,
  securityGroups,
  subnets,
  type VpcRecord,
} from '../records.ts';
import { removeGroup } from '../security-groups/new-group.ts';

/**
 * The main route table, the default group and the default network ACL go with it; anything else in it keeps it.
 * @throws InvalidVpcID.NotFound, DependencyViolation
 */
export async function deleteVpc(
  { state }: Ec2Context,
  { VpcId }: DeleteVpcCommandInput,
  call: Call,
): Promise<object> {
  const named = { id: VpcId, parameter: 'VpcId' };
  await deleteUnused(
    state,
    call,
    kinds.vpc,
    named,
    (tx, { id }) => {
      if (isUsed(tx, id)) throw hasDependencies('vpc', id);
    },
    (tx, vpc) => removeOwn(tx, call, vpc),
  );
  return {};
}

function isUsed(tx: Transaction, vpcId: string): boolean {
  const isOpen = tx
    .byIndex(natGateways, 'vpc', vpcId)
    .some(({ value }) => value.state !== 'deleted' && value.state !== 'failed');
  return (
    isOpen ||
    tx.countByIndex(subnets, 'vpc', vpcId) > 0 ||
    tx.countByIndex(internetGateways, 'vpc', vpcId) > 0 ||
    tx.countByIndex(networkInterfaces, 'vpc', vpcId) > 0 ||
    // The main one and the default one are its own.
    tx.countByIndex(routeTables, 'vpc', vpcId) > 1 ||
    tx.countByIndex(securityGroups, 'vpc', vpcId) > 1
  );
}

function removeOwn(tx: Transaction, scope: Scope, { id }: VpcRecord): void {
  for (const { key } of tx.byIndex(routeTables, 'vpc', id)) tx.delete(routeTables, key);
  for (const { key } of tx.byIndex(networkAcls, 'vpc', id)) tx.delete(networkAcls, key);
  for (const { value } of tx.byIndex(securityGroups, 'vpc', id)) removeGroup(tx, scope, value);
}
