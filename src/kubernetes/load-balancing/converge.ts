import { Refusal } from '../../protocols/index.ts';
import { unless } from '../../services/infrastructure.ts';
import { withCertificates } from './certificates.ts';
import { type BalancerSite, withClients } from './clients.ts';
import { isOwned, ownersTags, type Site } from './infrastructure.ts';
import { ensureListeners } from './listeners.ts';
import { ModelError, type WantedBalancer } from './model.ts';
import { securityGroupIds, subnetMappings } from './places.ts';
import {
  admitToTargets,
  dismissFromTargets,
  ensureSecurityGroup,
  removeSecurityGroup,
} from './security-groups.ts';
import { differing, ensureTargetGroup, findTargetGroup, removeTargetGroup } from './target-groups.ts';

/** What is made for an object, and where it is reached. */
export interface MadeBalancer {
  readonly arn: string;
  readonly dnsName: string;
}

/**
 * Brings a load balancer about. Each step looks first for what it would make, by its name, and changes only what differs:
 * a kill after any of them costs a look. Objects may choose the name, so that what has it and not the tags is left alone.
 * @param stack Tags by which it is known what is whose: `<kind>.eks.amazonaws.com/stack`.
 * @throws {Refusal} what EC2 or Elastic Load Balancing refuses, or the name is another one's.
 * @throws {ModelError} there is no subnet or security group for it, no certificate for a host, no Secret by which its clients sign
 * in, or not a target group of somebody else's that it is to send to.
 */
export async function converge(
  site: BalancerSite,
  asked: WantedBalancer,
  stack: Readonly<Record<string, string>>,
): Promise<MadeBalancer> {
  const { ask } = site;
  const wanted = await withClients(site, await withCertificates(site, asked));
  const arns = await othersTargetGroups(site, wanted);
  const owner = ownersTags(site, stack);
  const found = await findLoadBalancer(site, wanted.name);
  if (found !== undefined && !(await isOwn(site, found.LoadBalancerArn, owner)))
    throw new Refusal(
      'DuplicateLoadBalancerNameException',
      `A load balancer with the name '${wanted.name}' exists and is somebody else's`,
    );
  // Nobody's object gives what is made for it to another owner.
  const tags = tagList({ ...wanted.tags, ...owner });
  const given =
    wanted.securityGroups === undefined ? [] : await securityGroupIds(site, wanted.securityGroups);
  const own =
    wanted.securityGroups === undefined || wanted.reachesTargets
      ? await ensureSecurityGroup(site, wanted, { tags, owner })
      : undefined;
  if (own !== undefined) {
    if (wanted.reachesTargets) await admitToTargets(site, wanted, own);
    else await dismissFromTargets(site, own);
  }
  for (const group of wanted.targetGroups)
    if (!arns.has(group.name)) arns.set(group.name, await ensureTargetGroup(site, group, tags));

  const groups = own === undefined ? [...given] : [...given, own];
  const made =
    found ??
    (
      await ask('elasticloadbalancing', 'CreateLoadBalancer', {
        ...{ Name: wanted.name, Type: wanted.type, Scheme: wanted.scheme, Tags: tags },
        SubnetMappings: await subnetMappings(site, wanted),
        SecurityGroups: groups,
      })
    ).LoadBalancers?.[0];
  const arn = made?.LoadBalancerArn ?? '';
  if (found !== undefined) await move(site, found, wanted, groups);
  if (own === undefined) await removeSecurityGroup(site, wanted.name, owner);
  if (Object.keys(wanted.attributes).length > 0) {
    const { Attributes: present = [] } = await ask('elasticloadbalancing', 'DescribeLoadBalancerAttributes', {
      LoadBalancerArn: arn,
    });
    const Attributes = differing(present, wanted.attributes);
    if (Attributes.length > 0)
      await ask('elasticloadbalancing', 'ModifyLoadBalancerAttributes', { LoadBalancerArn: arn, Attributes });
  }
  const sentTo = await targetGroupsOf(site, arn);
  await ensureListeners(site, arn, wanted, { arns, tags });
  const kept = new Set(arns.values());
  for (const group of sentTo)
    if (!kept.has(group) && (await isOwn(site, group, owner))) await removeTargetGroup(site, group);
  return { arn, dnsName: made?.DNSName ?? '' };
}

/**
 * The target groups that listeners and rules name and the load balancer has not: somebody else has made them, and nothing of them is
 * changed. @returns their ARNs by what names them. @throws {ModelError} one is not there.
 */
async function othersTargetGroups(site: Site, wanted: WantedBalancer): Promise<Map<string, string>> {
  const own = new Set(wanted.targetGroups.map(({ name }) => name));
  const arns = new Map<string, string>();
  for (const { action } of wanted.listeners.flatMap((listener) => [listener, ...listener.rules])) {
    for (const { targetGroup } of action.type === 'forward' ? action.to : []) {
      if (own.has(targetGroup) || arns.has(targetGroup)) continue;
      const found = await findTargetGroup(site, targetGroup);
      if (found?.TargetGroupArn === undefined)
        throw new ModelError(`the target group ${targetGroup} is not there`, { mayChange: true });
      arns.set(targetGroup, found.TargetGroupArn);
    }
  }
  return arns;
}

/** What is there is in the groups that are wanted, and in the subnets, if some are said. */
async function move(
  site: Site,
  {
    LoadBalancerArn,
    SecurityGroups = [],
    AvailabilityZones = [],
  }: NonNullable<Awaited<ReturnType<typeof findLoadBalancer>>>,
  wanted: WantedBalancer,
  groups: readonly string[],
): Promise<void> {
  const isSame = (some: readonly unknown[], others: readonly string[]): boolean =>
    new Set(some).symmetricDifference(new Set<unknown>(others)).size === 0;
  if (!isSame(SecurityGroups, groups))
    await site.ask('elasticloadbalancing', 'SetSecurityGroups', {
      ...{ LoadBalancerArn, SecurityGroups: [...groups] },
    });
  if (wanted.subnets === undefined) return;
  const SubnetMappings = await subnetMappings(site, wanted);
  const before = AvailabilityZones.map(({ SubnetId }) => SubnetId);
  const after = SubnetMappings.map(({ SubnetId }) => SubnetId);
  if (!isSame(before, after))
    await site.ask('elasticloadbalancing', 'SetSubnets', { LoadBalancerArn, SubnetMappings });
}

const tagList = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

async function findLoadBalancer({ ask }: Site, name: string) {
  const found = await unless(['LoadBalancerNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeLoadBalancers', { Names: [name] }),
  );
  return found?.LoadBalancers?.[0];
}

/** Whether a load balancer or a target group has all of its owner's tags. One that has just gone has none. */
async function isOwn(
  { ask }: Site,
  arn: string | undefined,
  owner: Readonly<Record<string, string>>,
): Promise<boolean> {
  const described = await unless(['LoadBalancerNotFoundException', 'TargetGroupNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeTags', { ResourceArns: [arn ?? ''] }),
  );
  return isOwned(described?.TagDescriptions?.[0]?.Tags, owner);
}

/** @returns the name of the load balancer that is reached by a DNS name, if there is one. */
export async function nameByDns({ ask }: Site, dnsName: string): Promise<string | undefined> {
  for (let Marker: string | undefined; ; ) {
    const page = await ask('elasticloadbalancing', 'DescribeLoadBalancers', { ...(Marker && { Marker }) });
    const found = page.LoadBalancers?.find(({ DNSName }) => DNSName === dnsName);
    if (found !== undefined) return found.LoadBalancerName;
    Marker = page.NextMarker;
    if (Marker === undefined) return undefined;
  }
}

async function targetGroupsOf({ ask }: Site, LoadBalancerArn: string): Promise<readonly string[]> {
  const { TargetGroups = [] } = await ask('elasticloadbalancing', 'DescribeTargetGroups', {
    LoadBalancerArn,
  });
  return TargetGroups.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
}

/**
 * Takes a load balancer away with all that was made for it. What is looked for and not found is gone; what has the name and
 * not the tags is somebody else's and stays.
 * @param names Of target groups that may be without a load balancer.
 * @param stack The tags that it was made with, as far as they are known.
 * @returns false: something is still in use, look again.
 */
export async function removeBalancer(
  site: BalancerSite,
  name: string,
  names: readonly string[],
  stack: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { ask } = site;
  const owner = ownersTags(site, stack);
  const found = await findLoadBalancer(site, name);
  const groups = new Set<string>();
  if (found?.LoadBalancerArn !== undefined && (await isOwn(site, found.LoadBalancerArn, owner))) {
    for (const arn of await targetGroupsOf(site, found.LoadBalancerArn)) groups.add(arn);
    await ask('elasticloadbalancing', 'DeleteLoadBalancer', { LoadBalancerArn: found.LoadBalancerArn });
    site.clients.forget(found.LoadBalancerArn);
  }
  for (const each of names) {
    const arn = (await findTargetGroup(site, each))?.TargetGroupArn;
    if (arn !== undefined) groups.add(arn);
  }
  for (const arn of groups)
    if ((await isOwn(site, arn, owner)) && !(await removeTargetGroup(site, arn))) return false;
  return await removeSecurityGroup(site, name, owner);
}
