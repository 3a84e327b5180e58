import {
  chosenOf,
  type ListenerPlan,
  type LoadBalancerPlan,
  type NodePlan,
  type TargetGroupPlan,
} from '../../balancing/index.ts';
import { netfilter, readFlows } from '../linux/netlink/conntrack.ts';
import { NetlinkSocket } from '../linux/netlink/socket.ts';
import { Nftables } from '../linux/nftables.ts';
import { type MachineWay, type MachineWays, machineLink, type WayStart } from './machine-ways.ts';
import { isDatagrams } from './targets.ts';

/** Where datagrams of a listener may go. */
export interface DatagramTarget {
  readonly address: string;
  readonly port: number;
}

/** What becomes of a listener's datagrams. */
interface Led {
  readonly port: number;
  readonly group: TargetGroupPlan;
  /** Who takes new flows: addresses and ports as packets have them. */
  readonly places: readonly string[];
  /** Whose flows may go on. */
  readonly kept: ReadonlySet<string>;
}

/** "UDP flows have an idle timeout of 120 seconds" (Network Load Balancers, listeners). */
const flowSeconds = '120';
const table = 'catamaran_datagrams';
const noRules = `add table ip ${table}\ndelete table ip ${table}\n`;

/**
 * UDP of a node: HAProxy carries none, so the kernel leads each flow to a target, from the node's address. It goes on
 * while nobody is there; which targets are well is what the checks of the node's proxy say.
 */
export class Datagrams implements Disposable {
  readonly #start: WayStart;
  readonly #ways: MachineWays;
  readonly #nftables: Nftables;
  #rules: string | undefined;
  #keptFlows: string | undefined;

  constructor(start: WayStart, ways: MachineWays) {
    this.#start = start;
    this.#ways = ways;
    this.#nftables = new Nftables(start.namespace);
  }

  /** @param takersOf Of a group's targets those that take new flows. @throws {NetworkError} */
  async lead(
    plan: LoadBalancerPlan,
    node: NodePlan,
    takersOf: (group: TargetGroupPlan) => readonly DatagramTarget[],
  ): Promise<void> {
    const carried = plan.listeners.flatMap((listener) => {
      const group = isDatagrams(listener.protocol) ? groupOf(plan, listener) : undefined;
      return group === undefined ? [] : [{ port: listener.port, group }];
    });
    // Without rules, for then no other connection is tracked. What an earlier process led is gone, too.
    if (carried.length === 0) return this.#run(noRules);
    const ways = await this.#waysTo(carried.map(({ group }) => group));
    const led = carried.map(({ port, group }): Led => {
      const placeOf = (target: DatagramTarget): string => {
        const way = group.targetType === 'instance' ? ways.get(target.address) : undefined;
        return `${way?.destination ?? target.address} . ${target.port}`;
      };
      return {
        ...{ port, group },
        places: takersOf(group).map(placeOf),
        kept: new Set(group.targets.map(placeOf)),
      };
    });
    const rules = datagramRules(node.address, led, [...ways.values()]);
    if (rules !== this.#rules) {
      this.#start.namespace.setSysctls({
        'ipv4/ip_forward': '1',
        'netfilter/nf_conntrack_udp_timeout': flowSeconds,
        'netfilter/nf_conntrack_udp_timeout_stream': flowSeconds,
      });
    }
    this.#run(rules);
    this.#endFlows(node.address, led);
  }

  [Symbol.dispose](): void {
    this.#nftables[Symbol.dispose]();
  }

  #run(rules: string): void {
    if (rules === this.#rules) return;
    this.#nftables.run(rules);
    this.#rules = rules;
  }

  /** To instances of the machine, by their addresses. */
  async #waysTo(groups: readonly TargetGroupPlan[]): Promise<ReadonlyMap<string, MachineWay>> {
    const addresses = groups
      .filter(({ targetType }) => targetType === 'instance')
      .flatMap(({ targets }) => targets.map(({ address }) => address));
    return addresses.length === 0 ? new Map() : await this.#ways.from(this.#start, addresses);
  }

  /**
   * Ends the flows of targets that are gone: their clients never say goodbye, and the kernel would lead them there for as
   * long as they go on.
   */
  #endFlows(address: string, led: readonly Led[]): void {
    const keptFlows = JSON.stringify(led.map(({ port, kept }) => [port, [...kept]]));
    if (keptFlows === this.#keptFlows) return;
    using socket = new NetlinkSocket(this.#start.namespace, netfilter);
    const byPort = new Map(led.map((each) => [each.port, each]));
    const over = readFlows(socket).filter(({ flow, askedPort }) => {
      const { protocol, destination, receiver, port } = flow;
      if (protocol !== 'udp' || destination !== address || receiver === destination) return false;
      const listener = byPort.get(askedPort);
      if (listener === undefined) return true;
      return listener.group.terminatesConnections && !listener.kept.has(`${receiver} . ${port}`);
    });
    socket.batch(over.map(({ remove }) => remove));
    this.#keptFlows = keptFlows;
  }
}

function groupOf({ targetGroups }: LoadBalancerPlan, { rules: [rule] }: ListenerPlan) {
  const arn = rule?.action.type === 'forward' ? chosenOf(rule.action)[0]?.arn : undefined;
  return targetGroups.find((group) => group.arn === arn);
}

/** Replaces the whole table in one transaction: flows that are known go on where they went. */
function datagramRules(address: string, led: readonly Led[], ways: readonly MachineWay[]): string {
  const rules = led.map(({ port, group, places }) => {
    const matched = `ip daddr ${address} udp dport ${port}`;
    if (places.length === 0) return `${matched} drop`;
    const client = group.stickiness.type === 'source_ip' ? 'ip saddr' : 'ip saddr . udp sport';
    const choices = places.map((place, index) => `${index} : ${place}`).join(', ');
    return `${matched} dnat ip to jhash ${client} mod ${places.length} map { ${choices} }`;
  });
  const toMachine = ways.map(({ destination, source }) => `ip daddr ${destination} snat to ${source}`);
  return `${noRules}table ip ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${rules.join('\n    ')}
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    oifname "${machineLink}" ct status ! dnat drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${[...toMachine, 'ct status dnat masquerade'].join('\n    ')}
  }
}
`;
}
