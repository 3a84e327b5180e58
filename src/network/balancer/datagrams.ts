import type { ListenerPlan, LoadBalancerPlan, NodePlan } from '../../balancing/index.ts';
import type { Namespace } from '../linux/namespace.ts';
import { Nftables } from '../linux/nftables.ts';
import { isDatagrams } from './targets.ts';

/** Where datagrams of a listener may go. */
export interface DatagramTarget {
  readonly address: string;
  readonly port: number;
}

/** "UDP flows have an idle timeout of 120 seconds" (Network Load Balancers, listeners). */
const flowSeconds = '120';
const table = 'catamaran_datagrams';

/**
 * UDP of a node: HAProxy carries none, so the kernel leads each flow to a target, from the node's address. It goes on
 * while nobody is there; which targets are well is what HAProxy's checks say.
 */
export class Datagrams implements Disposable {
  readonly #nftables: Nftables;
  readonly #namespace: Namespace;
  #rules: string | undefined;

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
    this.#nftables = new Nftables(namespace);
  }

  /** @param targetsOf A listener's, those that are well. @throws {NetworkError} */
  lead(
    { listeners }: LoadBalancerPlan,
    node: NodePlan,
    targetsOf: (listener: ListenerPlan) => readonly DatagramTarget[],
  ): void {
    const carried = listeners.filter(({ protocol }) => isDatagrams(protocol));
    if (carried.length === 0 && this.#rules === undefined) return;
    const rules = datagramRules(
      node.address,
      carried.map((listener) => ({ port: listener.port, targets: targetsOf(listener) })),
    );
    if (rules === this.#rules) return;
    this.#namespace.setSysctls({
      'ipv4/ip_forward': '1',
      'netfilter/nf_conntrack_udp_timeout': flowSeconds,
      'netfilter/nf_conntrack_udp_timeout_stream': flowSeconds,
    });
    this.#nftables.run(rules);
    this.#rules = rules;
  }

  [Symbol.dispose](): void {
    this.#nftables[Symbol.dispose]();
  }
}

/** Replaces the whole table in one transaction: flows that are known go on where they went. */
function datagramRules(
  address: string,
  listeners: readonly { readonly port: number; readonly targets: readonly DatagramTarget[] }[],
): string {
  const rules = listeners.map(({ port, targets }) => {
    const places = targets.map((target, index) => `${index} : ${target.address} . ${target.port}`);
    const matched = `ip daddr ${address} udp dport ${port}`;
    return places.length === 0
      ? `${matched} drop`
      : `${matched} dnat ip to jhash ip saddr . udp sport mod ${places.length} map { ${places.join(', ')} }`;
  });
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${rules.join('\n    ')}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ct status dnat masquerade
  }
}
`;
}
