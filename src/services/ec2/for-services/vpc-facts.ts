import type { Reader } from '../../../reconcile/index.ts';
import { cidrBlock, holds, overlap, parseIpv4 } from '../../../topology/index.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { defaultGroupId } from '../network-interfaces/new-interface.ts';
import { internetGateways, type Scope, type SubnetRecord, subnets } from '../records.ts';

/** A VPC as a service needs to know it that puts something into it. */
export interface VpcFacts {
  readonly vpcId: string;
  readonly hasInternetGateway: boolean;
  readonly defaultSecurityGroupId: string;
  /** Whether an address is within the VPC's blocks. */
  holds(ipv4: string): boolean;
  /** Whether an address of a block is within the VPC's blocks. */
  overlaps(cidr: string): boolean;
  /** The subnet that an address is in. */
  subnetAt(ipv4: string): SubnetRecord | undefined;
}

/** Undefined: there is no such VPC. In a transaction it stays guarded. @param vpcId A text of any form. */
export function vpcFacts(reader: Reader, scope: Scope, vpcId: string): VpcFacts | undefined {
  const vpc = known(reader, kinds.vpc, scope, vpcId);
  if (vpc === undefined) return undefined;
  const isIn = (cidr: string, ipv4: string): boolean => {
    const address = parseIpv4(ipv4);
    return address !== undefined && holds(cidrBlock(cidr), address);
  };
  return {
    vpcId,
    hasInternetGateway: reader.countByIndex(internetGateways, 'vpc', vpcId) > 0,
    defaultSecurityGroupId: defaultGroupId(reader, scope, vpcId),
    holds: (ipv4) => vpc.cidrs.some(({ cidr }) => isIn(cidr, ipv4)),
    overlaps: (asked) => vpc.cidrs.some(({ cidr }) => overlap(cidrBlock(cidr), cidrBlock(asked))),
    subnetAt: (ipv4) =>
      reader.byIndex(subnets, 'vpc', vpcId).find(({ value }) => isIn(value.cidr, ipv4))?.value,
  };
}
