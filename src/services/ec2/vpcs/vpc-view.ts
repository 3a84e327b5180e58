import type { Vpc } from '@aws-sdk/client-ec2';
import { tagList } from '../input/tags.ts';
import type { Scope, VpcRecord } from '../records.ts';

export function vpcView({ accountId }: Scope, vpc: VpcRecord): Vpc {
  const { id, cidrs, dhcpOptionsId, instanceTenancy, isDefault, tags } = vpc;
  return {
    VpcId: id,
    OwnerId: accountId,
    State: vpc.isBeingDeleted ? 'deleting' : 'available',
    CidrBlock: cidrs[0]?.cidr,
    CidrBlockAssociationSet: cidrs.map(cidrAssociationView),
    Ipv6CidrBlockAssociationSet: [],
    // AWS's word for none.
    DhcpOptionsId: dhcpOptionsId ?? 'default',
    InstanceTenancy: instanceTenancy,
    IsDefault: isDefault,
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagList(tags),
  };
}

function cidrAssociationView({ associationId, cidr }: VpcRecord['cidrs'][number]) {
  return {
    AssociationId: associationId,
    CidrBlock: cidr,
    CidrBlockState: { State: 'associated' as const },
  };
}
