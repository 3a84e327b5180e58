import type { Random } from '../../../clock/index.ts';
import type { State, Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { defaultVpcs, ec2Key, internetGateways, type Scope, type VpcRecord } from '../records.ts';
import { putNewSubnet } from '../subnets/new-subnet.ts';
import { zoneNames } from '../zones.ts';
import { putNewVpc } from './new-vpc.ts';
import { defaultVpcOf } from './vpc-lookup.ts';

interface Parts {
  readonly state: State;
  readonly random: Random;
}

const defaultCidr = '172.31.0.0/16';
/** One /20 for each zone. */
const subnetCidrs = ['172.31.0.0/20', '172.31.16.0/20', '172.31.32.0/20'];

/**
 * The VPC that an account has in a region from the beginning (VPC user guide, "Default VPC components"). It is made once:
 * who deletes it asks for another with CreateDefaultVpc.
 * @param now Epoch milliseconds.
 */
export async function ensureDefaultVpc({ state, random }: Parts, scope: Scope, now: number): Promise<void> {
  const key = ec2Key(defaultVpcs, scope, 'made');
  if (state.get(defaultVpcs, key) !== undefined) return;
  await state.transact((tx) => {
    if (tx.get(defaultVpcs, key) !== undefined) return;
    tx.put(defaultVpcs, key, { madeAt: now });
    putDefaultVpc(tx, random, scope);
  });
}

/** @throws DefaultVpcAlreadyExists, VpcLimitExceeded */
export function putDefaultVpc(tx: Transaction, random: Random, scope: Scope): VpcRecord {
  if (defaultVpcOf(tx, scope) !== undefined) {
    throw ec2Refusal(
      'DefaultVpcAlreadyExists',
      'A Default VPC already exists for this account in this region.',
    );
  }
  const gatewayId = newId(random, 'igw');
  const vpc = putNewVpc(tx, random, scope, {
    cidr: defaultCidr,
    isDefault: true,
    routes: [{ destination: '0.0.0.0/0', target: { type: 'internet-gateway', id: gatewayId } }],
    tags: {},
  });
  tx.put(internetGateways, ec2Key(internetGateways, scope, gatewayId), {
    ...{ id: gatewayId, vpcId: vpc.id, tags: {} },
  });
  for (const [place, availabilityZone] of zoneNames(scope.region).entries()) {
    const cidr = subnetCidrs[place];
    if (cidr !== undefined)
      putNewSubnet(tx, random, scope, { vpc, cidr, availabilityZone, isDefaultForAz: true, tags: {} });
  }
  return vpc;
}
