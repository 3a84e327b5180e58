import type {
  CreateLoadBalancerCommandInput,
  CreateLoadBalancerOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { loadBalancerArn, newDnsName, newId } from '../arn.ts';
import { type ElbContext, putLoadBalancer } from '../context.ts';
import { duplicateLoadBalancerName, tooManyLoadBalancers, unsupported, validationError } from '../errors.ts';
import { checkName, constraints, readTags } from '../input.ts';
import { elbKey, type LoadBalancerRecord, loadBalancerNames, loadBalancers, scopeText } from '../records.ts';
import { limits } from './account-limits.ts';
import { makeNode } from './interfaces.ts';
import { loadBalancerView } from './load-balancer-view.ts';
import { findPlaces, readPlaces } from './placement.ts';

/** One of the same name with the same settings is answered with. @throws {Refusal} */
export async function createLoadBalancer(
  context: ElbContext,
  input: CreateLoadBalancerCommandInput,
  call: Call,
): Promise<CreateLoadBalancerOutput> {
  refuseAbsent(input);
  const name = checkName('Load balancer', input.Name ?? '');
  if (name.startsWith('internal-')) throw validationError("Load balancer name cannot begin with 'internal-'");
  const kind = readKind(input);
  const places = readPlaces(kind, input);
  const groups = input.SecurityGroups ?? [];
  const tags = readTags(input.Tags);
  await context.ensureServiceLinkedRole(call.accountId);
  const balancer = await context.state.transact((tx) => {
    const nameKey = elbKey(loadBalancerNames, call, name);
    const present = tx.get(loadBalancerNames, nameKey);
    const found = findPlaces(tx, call, kind, { places, groups }, presentSubnets(tx, call, present?.id));
    if (present !== undefined) return sameOne(tx, call, present.id, { name, ...kind, ...found });
    refuseMoreThanMax(tx, call, kind.type);
    const { vpcId, securityGroupIds, placements } = found;
    const id = newId(context.random);
    const named = { name, id, ...kind };
    const nodes = placements.map((placement) =>
      makeNode(tx, context, call, { ...named, securityGroupIds }, placement, call.now),
    );
    const made: LoadBalancerRecord = {
      ...{ id, arn: loadBalancerArn(call, named), name, ...kind, vpcId, nodes, securityGroupIds },
      dnsName: newDnsName(context.random, call, { ...named, isInternal: kind.scheme === 'internal' }),
      ...{ state: 'provisioning', listeners: [], attributes: {}, createdAt: call.now, tags },
    };
    tx.put(loadBalancerNames, nameKey, { id });
    putLoadBalancer(tx, call, made);
    return made;
  });
  return { LoadBalancers: [loadBalancerView(balancer)] };
}

function refuseAbsent(input: CreateLoadBalancerCommandInput): void {
  if (input.Type === 'gateway') throw unsupported('Gateway load balancers are');
  if (input.IpamPools !== undefined) throw unsupported('IPAM pools are');
  if (input.CustomerOwnedIpv4Pool !== undefined) throw unsupported('Customer-owned address pools are');
  if (input.EnablePrefixForIpv6SourceNat === 'on') throw unsupported('IPv6 addresses are');
  refuseIpAddressType(input.IpAddressType);
}

/** @throws UnsupportedOperation, ValidationError */
export function refuseIpAddressType(type: string | undefined): void {
  const types = ['ipv4', 'dualstack', 'dualstack-without-public-ipv4'];
  constraints().text('ipAddressType', type, { oneOf: types }).throwIfViolated();
  if (type !== undefined && type !== 'ipv4') throw unsupported('IPv6 addresses are');
}

function readKind({
  Type = 'application',
  Scheme = 'internet-facing',
}: CreateLoadBalancerCommandInput): Pick<LoadBalancerRecord, 'type' | 'scheme'> {
  constraints()
    .text('type', Type, { oneOf: ['application', 'network', 'gateway'] })
    .text('scheme', Scheme, { oneOf: ['internet-facing', 'internal'] })
    .throwIfViolated();
  return {
    type: Type === 'network' ? 'network' : 'application',
    scheme: Scheme === 'internal' ? 'internal' : 'internet-facing',
  };
}

function presentSubnets(tx: Transaction, call: Call, id: string | undefined): readonly string[] {
  const balancer = id === undefined ? undefined : tx.get(loadBalancers, elbKey(loadBalancers, call, id));
  return balancer?.nodes.map(({ subnetId }) => subnetId) ?? [];
}

interface Settings extends Pick<LoadBalancerRecord, 'name' | 'type' | 'scheme' | 'securityGroupIds'> {
  readonly placements: readonly { readonly subnetId: string }[];
}

/** @throws DuplicateLoadBalancerName */
function sameOne(tx: Transaction, call: Call, id: string, wanted: Settings): LoadBalancerRecord {
  const present = tx.get(loadBalancers, elbKey(loadBalancers, call, id));
  if (present === undefined)
    throw new Error(`The load balancer name ${wanted.name} is of ${id}, which is not there`);
  const isSame =
    present.type === wanted.type &&
    present.scheme === wanted.scheme &&
    isSameSet(
      present.nodes.map(({ subnetId }) => subnetId),
      wanted.placements.map(({ subnetId }) => subnetId),
    ) &&
    isSameSet(present.securityGroupIds, wanted.securityGroupIds);
  if (!isSame) throw duplicateLoadBalancerName(wanted.name);
  return present;
}

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

function refuseMoreThanMax(tx: Transaction, call: Call, type: LoadBalancerRecord['type']): void {
  const ofType = tx
    .byIndex(loadBalancers, 'scope', scopeText(call))
    .filter(({ value }) => value.type === type);
  const max = limits[`${type}-load-balancers`];
  if (ofType.length >= max) throw tooManyLoadBalancers(type, max);
}
