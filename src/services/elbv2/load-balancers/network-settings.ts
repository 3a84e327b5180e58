import type {
  SetIpAddressTypeCommandInput,
  SetIpAddressTypeOutput,
  SetSecurityGroupsCommandInput,
  SetSecurityGroupsOutput,
  SetSubnetsCommandInput,
  SetSubnetsOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { moveServiceInterface } from '../../ec2/index.ts';
import type { Call } from '../../service.ts';
import { type ElbContext, putLoadBalancer, requireLoadBalancer } from '../context.ts';
import { invalidConfiguration, unsupported, validationError } from '../errors.ts';
import { refuseIpAddressType } from './create-load-balancer.ts';
import { makeNode, removeNode } from './interfaces.ts';
import { zonesView } from './load-balancer-view.ts';
import { findPlaces, readPlaces } from './placement.ts';

/** Its interfaces move into other groups. @throws LoadBalancerNotFound, InvalidSecurityGroup, InvalidConfigurationRequest */
export async function setSecurityGroups(
  { state }: ElbContext,
  { LoadBalancerArn = '', SecurityGroups = [], ...input }: SetSecurityGroupsCommandInput,
  call: Call,
): Promise<SetSecurityGroupsOutput> {
  if (input.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic === 'off')
    throw unsupported('PrivateLink is');
  if (SecurityGroups.length === 0) throw validationError('At least one security group must be specified');
  const securityGroupIds = await state.transact((tx) => {
    const balancer = requireLoadBalancer(tx, call, LoadBalancerArn);
    if (balancer.securityGroupIds.length === 0) {
      throw invalidConfiguration(
        'You cannot set security groups on a load balancer that was created without security groups',
      );
    }
    const subnetIds = balancer.nodes.map(({ subnetId }) => subnetId);
    const places = subnetIds.map((subnetId) => ({ subnetId }));
    const found = findPlaces(tx, call, balancer, { places, groups: SecurityGroups }, subnetIds);
    for (const { interfaceId } of balancer.nodes)
      moveServiceInterface(tx, call, interfaceId, found.securityGroupIds);
    putLoadBalancer(tx, call, { ...balancer, securityGroupIds: found.securityGroupIds });
    return found.securityGroupIds;
  });
  return { SecurityGroupIds: [...securityGroupIds] };
}

/** Subnets that stay keep their interfaces and addresses. @throws {Refusal} as CreateLoadBalancer */
export async function setSubnets(
  context: ElbContext,
  input: SetSubnetsCommandInput,
  call: Call,
): Promise<SetSubnetsOutput> {
  refuseIpAddressType(input.IpAddressType);
  if (input.EnablePrefixForIpv6SourceNat === 'on') throw unsupported('IPv6 addresses are');
  const balancer = await context.state.transact((tx) => {
    const before = requireLoadBalancer(tx, call, input.LoadBalancerArn ?? '');
    const places = readPlaces(before, input);
    const present = before.nodes.map(({ subnetId }) => subnetId);
    const groups = before.securityGroupIds;
    const { vpcId, placements } = findPlaces(tx, call, before, { places, groups }, present);
    if (vpcId !== before.vpcId) {
      throw invalidConfiguration(`The subnets are not in the same VPC as the load balancer '${before.arn}'`);
    }
    for (const node of before.nodes)
      if (!placements.some(({ subnetId }) => subnetId === node.subnetId)) removeNode(tx, call, node);
    const nodes = placements.map(
      (placement) =>
        before.nodes.find(({ subnetId }) => subnetId === placement.subnetId) ??
        makeNode(tx, context, call, before, placement, call.now),
    );
    const after = { ...before, nodes };
    putLoadBalancer(tx, call, after);
    return after;
  });
  return { AvailabilityZones: zonesView(balancer), IpAddressType: 'ipv4' };
}

/** There is IPv4 alone. @throws LoadBalancerNotFound, UnsupportedOperation */
export function setIpAddressType(
  { state }: ElbContext,
  { LoadBalancerArn = '', IpAddressType }: SetIpAddressTypeCommandInput,
  call: Call,
): SetIpAddressTypeOutput {
  refuseIpAddressType(IpAddressType);
  requireLoadBalancer(state, call, LoadBalancerArn);
  return { IpAddressType: 'ipv4' };
}
