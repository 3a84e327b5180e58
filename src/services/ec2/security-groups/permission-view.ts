import type { IpPermission } from '@aws-sdk/client-ec2';
import type { SecurityGroupRuleRecord } from '../records.ts';
import { hasPorts } from './rule-traffic.ts';

type List = 'IpRanges' | 'Ipv6Ranges' | 'PrefixListIds' | 'UserIdGroupPairs';
type Lists = { readonly [Name in List]: NonNullable<IpPermission[Name]> };

/** Rules as DescribeSecurityGroups shows them: one permission for each protocol with its ports, with all its peers. */
export function permissionsOf(
  rules: readonly SecurityGroupRuleRecord[],
  ownerId: string,
): (IpPermission & Lists)[] {
  const byTraffic = new Map<string, IpPermission & Lists>();
  for (const rule of rules) {
    const { protocol, fromPort, toPort } = rule;
    const key = `${protocol} ${fromPort} ${toPort}`;
    let permission = byTraffic.get(key);
    if (permission === undefined) {
      permission = {
        IpProtocol: protocol,
        ...(hasPorts(protocol) && { FromPort: fromPort, ToPort: toPort }),
        ...{ IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] },
      };
      byTraffic.set(key, permission);
    }
    addPeer(permission, rule, ownerId);
  }
  return [...byTraffic.values()];
}

function addPeer(lists: Lists, { peer, description }: SecurityGroupRuleRecord, ownerId: string): void {
  const Description = description === undefined ? {} : { Description: description };
  switch (peer.type) {
    case 'cidr-ipv4':
      lists.IpRanges.push({ CidrIp: peer.cidr, ...Description });
      return;
    case 'cidr-ipv6':
      lists.Ipv6Ranges.push({ CidrIpv6: peer.cidr, ...Description });
      return;
    case 'prefix-list':
      lists.PrefixListIds.push({ PrefixListId: peer.id, ...Description });
      return;
    case 'group':
      lists.UserIdGroupPairs.push({ GroupId: peer.id, UserId: ownerId, ...Description });
  }
}
