import type { VpcTopology } from '../../../topology/index.ts';

/** Rules that let everything pass between interfaces, and translate public addresses: for tests of what is below. */
export function openRules(before: VpcTopology | undefined, after: VpcTopology): string {
  const text = rulesOf(after);
  return before !== undefined && rulesOf(before) === text ? '' : text;
}

function rulesOf({ interfaces, natGateways }: VpcTopology): string {
  const pairs = interfaces.flatMap(({ publicAddresses }) => publicAddresses);
  return `add table ip vpc
delete table ip vpc
table ip vpc {
  chain forward { type filter hook forward priority filter; policy drop; iifname "e*" accept; oifname "e*" accept; }
  chain to_private { type nat hook prerouting priority dstnat; policy accept;
    ${pairs.map(({ privateIpv4, publicIpv4 }) => `ip daddr ${publicIpv4} dnat to ${privateIpv4}`).join('\n')}
  }
  chain to_public { type nat hook postrouting priority srcnat; policy accept;
    ${pairs.map(({ privateIpv4, publicIpv4 }) => `oifname "up0" ip saddr ${privateIpv4} snat to ${publicIpv4}`).join('\n')}
    ${natGateways.map(({ publicIpv4 }) => `oifname "n*" snat to ${publicIpv4}`).join('\n')}
  }
}
`;
}
