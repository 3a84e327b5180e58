import {
  cidrBlock,
  holdsBlock,
  type InterfaceTopology,
  type RuleTopology,
  routeTableOf,
  type SubnetTopology,
  type VpcTopology,
} from '../../topology/index.ts';

/**
 * Why an interface can't be on a network of the Engine's; undefined: it can. There everybody of its subnet reaches it, and
 * it reaches them and the world by the machine's address, and nothing keeps anything back. So what its VPC would not let
 * pass, and what it would give and the Engine does not, is an obstacle.
 */
export function obstacleOf(vpc: VpcTopology, networkInterface: InterfaceTopology): string | undefined {
  const subnet = vpc.subnets.find(({ id }) => id === networkInterface.subnetId);
  if (subnet === undefined) return `${networkInterface.subnetId} is not there any more`;
  const obstacle =
    ofPublicAddresses(networkInterface) ??
    ofRoutes(vpc, subnet) ??
    ofSecurityGroups(vpc, networkInterface, subnet);
  return obstacle && `This machine carries no VPCs but has networks of the Engine's: ${obstacle}`;
}

function ofPublicAddresses({ publicAddresses: [first] }: InterfaceTopology): string | undefined {
  return (
    first &&
    `the public address ${first.publicIpv4} would lead nowhere. Leave it out (assignPublicIp=DISABLED): what goes out has the machine's address`
  );
}

function ofRoutes(vpc: VpcTopology, { id }: SubnetTopology): string | undefined {
  const table = routeTableOf(vpc, id);
  const others = table.routes.filter(({ target }) => target.type !== 'local');
  const isOut = ({ target: { type } }: (typeof others)[number]): boolean =>
    type === 'internet-gateway' || type === 'nat-gateway';
  const leadsOut = others.some((route) => route.destination === '0.0.0.0/0' && isOut(route));
  if (leadsOut && others.every(isOut)) return undefined;
  return `routes are not enforced, and everything is let out. ${table.id} of ${id} has to lead 0.0.0.0/0 to an internet or NAT gateway, and nothing elsewhere`;
}

function ofSecurityGroups(
  vpc: VpcTopology,
  { securityGroupIds }: InterfaceTopology,
  { cidr }: SubnetTopology,
): string | undefined {
  const groups = vpc.securityGroups.filter(({ id }) => securityGroupIds.includes(id));
  const letsIn = groups.some(({ ingress }) => ingress.some((rule) => isOpen(rule, cidr)));
  const letsOut = groups.some(({ egress }) => egress.some((rule) => isOpen(rule, '0.0.0.0/0')));
  if (letsIn && letsOut) return undefined;
  const [first] = securityGroupIds;
  const missing = letsIn ? 'egress' : 'ingress';
  const block = letsIn ? '0.0.0.0/0' : cidr;
  return (
    `security groups are not enforced, and ${securityGroupIds.join(', ')} would have to let in all that comes from the ` +
    `subnet and to let out everything. Open it (aws ec2 authorize-security-group-${missing} --group-id ${first} ` +
    `--ip-permissions 'IpProtocol=-1,IpRanges=[{CidrIp=${block}}]') or use one that is open`
  );
}

function isOpen({ traffic, peer }: RuleTopology, block: string): boolean {
  if (traffic.protocol !== 'all' || peer.type !== 'cidrs') return false;
  return peer.cidrs.some((cidr) => holdsBlock(cidrBlock(cidr), cidrBlock(block)));
}
