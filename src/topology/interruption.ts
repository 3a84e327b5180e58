import { includesTraffic } from './packet.ts';
import { securityGroups } from './reachability-stages.ts';
import type { InterfaceTopology, RuleTopology, VpcTopology } from './topology.ts';

/** A flow that goes on, by its first packet. */
export interface Flow {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  /** The source as its destination sees it: translated at a gateway, or the same. */
  readonly sentAs: string;
  readonly destination: string;
  /** Whom the destination belongs to: translated at a gateway, or the same. */
  readonly receiver: string;
  /** The receiver's. */
  readonly port: number;
}

type Direction = 'ingress' | 'egress';

/**
 * Which flows a change of security groups interrupts; undefined: none. What a rule let pass goes on without it, for flows
 * are tracked, but those that need no tracking: where a rule lets TCP or UDP of everybody pass, and one of the other
 * direction all that may be answered. "An untracked flow of traffic is immediately interrupted if the rule that enables the
 * flow is removed or modified" (Amazon EC2 User Guide, "Security group connection tracking"). Flows through a NAT gateway are
 * always tracked.
 */
export function interruptedFlows(
  before: VpcTopology,
  after: VpcTopology,
): ((flow: Flow) => boolean) | undefined {
  const changed = changedInterfaces(before, after);
  if (changed.size === 0) return undefined;
  const gateways = new Set(
    after.natGateways.flatMap(({ publicIpv4, privateIpv4 }) => [publicIpv4, privateIpv4]),
  );
  return (flow) => {
    const { source, sentAs, destination, receiver } = flow;
    const isTranslated = source !== sentAs && gateways.has(sentAs);
    return (
      (!isTranslated && isInterrupted(changed.get(source), 'egress', destination, flow)) ||
      isInterrupted(changed.get(receiver), 'ingress', source, flow)
    );
  };

  function isInterrupted(
    networkInterface: ChangedInterface | undefined,
    direction: Direction,
    peer: string,
    flow: Flow,
  ): boolean {
    if (networkInterface === undefined || !isUntracked(networkInterface.before, direction, flow))
      return false;
    return !securityGroups(direction, after, networkInterface.after, peer, flow).passes;
  }
}

/** Rules of an interface that let everybody pass, as they were, and the interface as it is. */
interface ChangedInterface {
  readonly before: Readonly<Record<Direction, readonly RuleTopology[]>>;
  readonly after: InterfaceTopology;
}

/** By address, those that had rules for everybody in both directions, and whose groups are not what they were. */
function changedInterfaces(before: VpcTopology, after: VpcTopology): ReadonlyMap<string, ChangedInterface> {
  const changed = new Map<string, ChangedInterface>();
  if (before.securityGroups === after.securityGroups && before.interfaces === after.interfaces)
    return changed;
  const [groupsBefore, groupsAfter] = [before, after].map(
    ({ securityGroups: groups }) => new Map(groups.map((group) => [group.id, group])),
  );
  const interfacesAfter = new Map(after.interfaces.map((each) => [each.id, each]));
  for (const was of before.interfaces) {
    const is = interfacesAfter.get(was.id);
    const isSame =
      is !== undefined &&
      String(was.securityGroupIds) === String(is.securityGroupIds) &&
      is.securityGroupIds.every((id) => groupsBefore?.get(id) === groupsAfter?.get(id));
    if (is === undefined || isSame) continue;
    const groups = was.securityGroupIds.flatMap((id) => groupsBefore?.get(id) ?? []);
    const open = {
      ingress: groups.flatMap(({ ingress }) => ingress.filter(isForEverybody)),
      egress: groups.flatMap(({ egress }) => egress.filter(isForEverybody)),
    };
    if (open.ingress.length === 0 || open.egress.length === 0) continue;
    for (const address of is.addresses) changed.set(address, { before: open, after: is });
  }
  return changed;
}

function isForEverybody({ peer }: RuleTopology): boolean {
  return peer.type === 'cidrs' && peer.cidrs.includes('0.0.0.0/0');
}

function isUntracked(rules: ChangedInterface['before'], direction: Direction, flow: Flow): boolean {
  const answers = rules[direction === 'ingress' ? 'egress' : 'ingress'];
  return (
    rules[direction].some(({ traffic }) => includesTraffic(traffic, flow)) &&
    answers.some(({ traffic }) => isEveryPort(traffic, flow.protocol))
  );
}

function isEveryPort(traffic: RuleTopology['traffic'], protocol: Flow['protocol']): boolean {
  if (traffic.protocol === 'all') return true;
  return traffic.protocol === protocol && traffic.fromPort === 0 && traffic.toPort === 65_535;
}
