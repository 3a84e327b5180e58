import type { Reader } from '../../../reconcile/index.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import type { Scope, SecurityGroupRecord, SubnetRecord } from '../records.ts';

export type Awsvpc =
  | {
      readonly type: 'found';
      readonly vpcId: string;
      readonly subnets: readonly SubnetRecord[];
      readonly securityGroups: readonly SecurityGroupRecord[];
    }
  | { readonly type: 'subnet-missing' | 'security-group-missing'; readonly id: string }
  /** `vpcIds` in the order in which they were met. */
  | {
      readonly type: 'several-vpcs';
      readonly of: 'subnets' | 'security-groups';
      readonly vpcIds: readonly string[];
    };

/**
 * What a service is told to put its interfaces into: all of it there, and in one VPC. The first thing that isn't so is
 * told, for the service to word. In a transaction what was read stays guarded.
 * @param names At least one subnet. No groups: the VPC's default one is meant, and none is returned.
 */
export function readAwsvpc(
  reader: Reader,
  scope: Scope,
  names: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] },
): Awsvpc {
  const foundSubnets: SubnetRecord[] = [];
  for (const id of names.subnets) {
    const subnet = known(reader, kinds.subnet, scope, id);
    if (subnet === undefined) return { type: 'subnet-missing', id };
    foundSubnets.push(subnet);
  }
  const foundGroups: SecurityGroupRecord[] = [];
  for (const id of names.securityGroups) {
    const group = known(reader, kinds.securityGroup, scope, id);
    if (group === undefined) return { type: 'security-group-missing', id };
    foundGroups.push(group);
  }
  const [vpcId = '', ...others] = new Set(foundSubnets.map((subnet) => subnet.vpcId));
  if (others.length > 0) return { type: 'several-vpcs', of: 'subnets', vpcIds: [vpcId, ...others] };
  const vpcIds = new Set([vpcId, ...foundGroups.map((group) => group.vpcId)]);
  if (vpcIds.size > 1) return { type: 'several-vpcs', of: 'security-groups', vpcIds: [...vpcIds] };
  return { type: 'found', vpcId, subnets: foundSubnets, securityGroups: foundGroups };
}
