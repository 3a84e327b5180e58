import { unless } from '../../services/infrastructure.ts';
import { isOwned, type Site } from './infrastructure.ts';
import type { WantedBalancer } from './model.ts';

/** Who is let in, and where. */
export interface Opening {
  readonly IpProtocol: 'tcp' | 'udp';
  readonly FromPort: number;
  readonly ToPort: number;
  readonly from: (
    | { readonly CidrIp: string }
    | { readonly GroupId: string }
    | { readonly PrefixListId: string }
  ) & {
    readonly Description?: string | undefined;
  };
}

const openingKey = ({ IpProtocol, FromPort, ToPort, from }: Opening): string =>
  `${IpProtocol} ${FromPort}-${ToPort} ${nameOf(from)}`;

function nameOf(from: Opening['from']): string {
  if ('CidrIp' in from) return from.CidrIp;
  return 'GroupId' in from ? from.GroupId : from.PrefixListId;
}

function permission({ from, ...ports }: Opening) {
  if ('CidrIp' in from) return { ...ports, IpRanges: [from] };
  return { ...ports, ...('GroupId' in from ? { UserIdGroupPairs: [from] } : { PrefixListIds: [from] }) };
}

/** As annotations name who is let in: a prefix list by its id, or a CIDR. */
const sourceOf = (named: string): Opening['from'] =>
  named.startsWith('pl-') ? { PrefixListId: named } : { CidrIp: named };

/** The balancer's own group lets in what its listeners take. @returns its id. @throws {Refusal} */
export async function ensureSecurityGroup(
  site: Site,
  wanted: WantedBalancer,
  {
    tags,
    owner,
  }: {
    readonly tags: readonly { readonly Key: string; readonly Value: string }[];
    /** Those by which it is known whose it is. */
    readonly owner: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const { ask, cluster } = site;
  const id =
    (await findSecurityGroup(site, wanted.name, owner)) ??
    (
      await ask('ec2', 'CreateSecurityGroup', {
        ...{ GroupName: wanted.name, VpcId: cluster.vpcId },
        Description: `[k8s] Managed SecurityGroup for LoadBalancer`,
        TagSpecifications: [{ ResourceType: 'security-group', Tags: [...tags] }],
      })
    ).GroupId ??
    '';
  const openings = wanted.listeners.flatMap(({ port, protocol, sources }) =>
    protocolsOf(protocol).flatMap((IpProtocol) =>
      sources.map(
        (source): Opening => ({ IpProtocol, FromPort: port, ToPort: port, from: sourceOf(source) }),
      ),
    ),
  );
  await setIngress(site, id, openings, () => true);
  return id;
}

/** @returns undefined: there is none of that name and with its owner's tags in the cluster's VPC. */
async function findSecurityGroup(
  { ask, cluster }: Site,
  name: string,
  owner: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { SecurityGroups = [] } = await ask('ec2', 'DescribeSecurityGroups', {
    Filters: [
      { Name: 'vpc-id', Values: [cluster.vpcId] },
      { Name: 'group-name', Values: [name] },
    ],
  });
  // A filter takes `*` in a name for any name.
  return SecurityGroups.find(({ GroupName, Tags }) => GroupName === name && isOwned(Tags, owner))?.GroupId;
}

/** The group of nodes and pods lets the balancer's in, where its targets listen and are checked. */
export async function admitToTargets(site: Site, wanted: WantedBalancer, group: string): Promise<void> {
  const { clusterSecurityGroupId: id } = site.cluster;
  if (id === undefined) return;
  const openings = wanted.targetGroups.flatMap(({ protocol, targets, healthCheck }) => {
    const checked = Number(healthCheck.HealthCheckPort);
    return [
      ...targets.flatMap(({ port }) => protocolsOf(protocol).map((IpProtocol) => ({ IpProtocol, port }))),
      // What is sent by UDP is checked by TCP.
      ...targets.map(({ port }) => ({ IpProtocol: 'tcp' as const, port: checked || port })),
    ].map(({ IpProtocol, port }) => ({ IpProtocol, FromPort: port, ToPort: port, from: { GroupId: group } }));
  });
  await setIngress(site, id, openings, (from) => 'GroupId' in from && from.GroupId === group);
}

/** By which the rules of bindings are known, of all of a cluster's. */
const ofBindings = 'elbv2.k8s.aws/targetGroupBinding=shared';

/** The group of nodes and pods lets in what the networking of all bindings says, and takes back what none says any more. */
export async function admitBy(site: Site, openings: readonly Opening[]): Promise<void> {
  const { clusterSecurityGroupId: id } = site.cluster;
  if (id === undefined) return;
  const described = openings.map(({ from, ...place }) => ({
    ...place,
    from: { ...from, Description: ofBindings },
  }));
  await setIngress(site, id, described, ({ Description }) => Description === ofBindings);
}

/** Takes back what the group was let in to, and the group itself. @returns false: it is still in use, look again. */
export async function removeSecurityGroup(
  site: Site,
  name: string,
  owner: Readonly<Record<string, string>>,
): Promise<boolean> {
  const own = await findSecurityGroup(site, name, owner);
  if (own === undefined) return true;
  await dismissFromTargets(site, own);
  const answer = await unless(['DependencyViolation'], async () => {
    await unless(['InvalidGroup.NotFound'], () => site.ask('ec2', 'DeleteSecurityGroup', { GroupId: own }));
    return 'gone';
  });
  return answer !== undefined;
}

/** Takes back what `admitToTargets` has allowed. */
export async function dismissFromTargets(site: Site, group: string): Promise<void> {
  const { clusterSecurityGroupId: id } = site.cluster;
  if (id !== undefined) await setIngress(site, id, [], (from) => 'GroupId' in from && from.GroupId === group);
}

const protocolsOf = (protocol: string): readonly ('tcp' | 'udp')[] =>
  protocol === 'UDP' ? ['udp'] : protocol === 'TCP_UDP' ? ['tcp', 'udp'] : ['tcp'];

/** @param isOurs Of what is there, what may be taken away. */
async function setIngress(
  { ask }: Site,
  GroupId: string,
  wanted: readonly Opening[],
  isOurs: (from: Opening['from']) => boolean,
): Promise<void> {
  const described = await unless(['InvalidGroup.NotFound'], () =>
    ask('ec2', 'DescribeSecurityGroups', { GroupIds: [GroupId] }),
  );
  const present = (described?.SecurityGroups?.[0]?.IpPermissions ?? []).flatMap((each): Opening[] => {
    const { IpProtocol, FromPort = -1, ToPort = -1, IpRanges = [], UserIdGroupPairs = [] } = each;
    if (IpProtocol !== 'tcp' && IpProtocol !== 'udp') return [];
    return [
      ...IpRanges.map(({ CidrIp = '', Description }) => ({ CidrIp, Description })),
      ...(each.PrefixListIds ?? []).map(({ PrefixListId = '', Description }) => ({
        ...{ PrefixListId, Description },
      })),
      ...UserIdGroupPairs.map(({ GroupId: id = '', Description }) => ({ GroupId: id, Description })),
    ].map((from) => ({ IpProtocol, FromPort, ToPort, from }));
  });
  const wantedKeys = new Map(wanted.map((opening) => [openingKey(opening), opening]));
  const presentKeys = new Set(present.map(openingKey));
  const missing = [...wantedKeys.values()].filter((opening) => !presentKeys.has(openingKey(opening)));
  const leftover = present.filter((opening) => isOurs(opening.from) && !wantedKeys.has(openingKey(opening)));
  if (missing.length > 0)
    await unless(['InvalidPermission.Duplicate'], () =>
      ask('ec2', 'AuthorizeSecurityGroupIngress', { GroupId, IpPermissions: missing.map(permission) }),
    );
  if (leftover.length > 0)
    await unless(['InvalidPermission.NotFound', 'InvalidGroup.NotFound'], () =>
      ask('ec2', 'RevokeSecurityGroupIngress', { GroupId, IpPermissions: leftover.map(permission) }),
    );
}
