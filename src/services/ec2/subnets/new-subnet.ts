import type { Random } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { cidrBlock, overlap } from '../../../topology/index.ts';
import { ec2Refusal, limitReached } from '../errors.ts';
import { newId } from '../ids.ts';
import {
  ec2Key,
  type Scope,
  type SubnetRecord,
  subnetPlans,
  subnets,
  type Tags,
  type VpcRecord,
} from '../records.ts';

export interface NewSubnet {
  /** Read with `get`. */
  readonly vpc: VpcRecord;
  /** In one of the VPC's, without host bits. */
  readonly cidr: string;
  readonly availabilityZone: string;
  readonly isDefaultForAz: boolean;
  readonly tags: Tags;
}

const maxSubnets = 200;

/** @throws InvalidSubnet.Conflict, SubnetLimitExceeded */
export function putNewSubnet(
  tx: Transaction,
  random: Random,
  scope: Scope,
  { vpc, cidr, availabilityZone, isDefaultForAz, tags }: NewSubnet,
): SubnetRecord {
  const planKey = ec2Key(subnetPlans, scope, vpc.id);
  const { cidrs } = tx.get(subnetPlans, planKey) ?? { cidrs: {} };
  const block = cidrBlock(cidr);
  if (Object.values(cidrs).some((other) => overlap(cidrBlock(other), block)))
    throw ec2Refusal('InvalidSubnet.Conflict', `The CIDR '${cidr}' conflicts with another subnet`);
  if (Object.keys(cidrs).length >= maxSubnets) throw limitReached('SubnetLimitExceeded', 'subnets');
  const subnet: SubnetRecord = {
    id: newId(random, 'subnet'),
    vpcId: vpc.id,
    cidr,
    availabilityZone,
    isDefaultForAz,
    mapPublicIpOnLaunch: isDefaultForAz,
    privateDnsHostnameType: 'ip-name',
    enableResourceNameDnsARecord: false,
    tags,
  };
  tx.put(subnetPlans, planKey, { cidrs: { ...cidrs, [subnet.id]: cidr } });
  tx.put(subnets, ec2Key(subnets, scope, subnet.id), subnet);
  return subnet;
}

/** The blocks of a VPC's subnets; guards the answer until the commit. */
export function takenBlocks(tx: Transaction, scope: Scope, vpcId: string): readonly string[] {
  return Object.values(tx.get(subnetPlans, ec2Key(subnetPlans, scope, vpcId))?.cidrs ?? {});
}

/** Frees a subnet's block. */
export function forgetBlock(tx: Transaction, scope: Scope, { id, vpcId }: SubnetRecord): void {
  const key = ec2Key(subnetPlans, scope, vpcId);
  const { [id]: _, ...cidrs } = tx.get(subnetPlans, key)?.cidrs ?? {};
  if (Object.keys(cidrs).length > 0) tx.put(subnetPlans, key, { cidrs });
  else tx.delete(subnetPlans, key);
}
