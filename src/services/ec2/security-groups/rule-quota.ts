import { limitReached } from '../errors.ts';
import type { PrefixListRecord, SecurityGroupRuleRecord } from '../records.ts';

/**
 * For each direction, and for IPv4 and IPv6 each (VPC user guide, "Amazon VPC quotas"): five groups of sixty rules on
 * an interface are within the thousand rules that EC2 allows it.
 */
const maxRules = 60;

/** @throws {Refusal} RulesPerSecurityGroupLimitExceeded. A prefix list counts as many rules as it may have entries. */
export function assertWithinQuota(
  rules: readonly SecurityGroupRuleRecord[],
  prefixListOf: (id: string) => Pick<PrefixListRecord, 'addressFamily' | 'maxEntries'> | undefined,
): void {
  const counts = { ingress: { IPv4: 0, IPv6: 0 }, egress: { IPv4: 0, IPv6: 0 } };
  for (const { isEgress, peer } of rules) {
    const count = counts[isEgress ? 'egress' : 'ingress'];
    switch (peer.type) {
      case 'cidr-ipv4':
        count.IPv4++;
        break;
      case 'cidr-ipv6':
        count.IPv6++;
        break;
      case 'group':
        // Its interfaces may have addresses of both.
        count.IPv4++;
        count.IPv6++;
        break;
      case 'prefix-list': {
        const list = prefixListOf(peer.id);
        if (list !== undefined) count[list.addressFamily] += list.maxEntries;
      }
    }
  }
  for (const { IPv4, IPv6 } of Object.values(counts)) {
    if (IPv4 > maxRules || IPv6 > maxRules) {
      throw limitReached('RulesPerSecurityGroupLimitExceeded', 'rules per security group');
    }
  }
}
