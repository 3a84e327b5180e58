import { createHash } from 'node:crypto';
import { ipv4Number, ipv4Text } from '../../topology/index.ts';
import { balancerLinkName, balancerLinkPrefix } from '../linux/link-name.ts';
import { LinkRemoval } from '../linux/link-removal.ts';
import { Namespace } from '../linux/namespace.ts';
import { addVeth, readLinks, setLinkUp, settleLink } from '../linux/netlink/link.ts';
import { setNeighbour } from '../linux/netlink/neighbour.ts';
import { mainTable, readRoutes, setRoute } from '../linux/netlink/route.ts';
import { NetlinkSocket } from '../linux/netlink/socket.ts';
import { Nftables } from '../linux/nftables.ts';
import { hostAddress, hostLinkMacs, routerAddress } from '../linux/router-parts.ts';
import { leadsTo } from '../linux/sandbox-link.ts';

/** As what a packet has to travel that is for one of the machine's loopback addresses. */
export interface MachineWay {
  readonly destination: string;
  readonly source: string;
}

/** A node of a load balancer. */
export interface WayStart {
  readonly namespace: Namespace;
  readonly interfaceId: string;
}

/** Its name in the node. */
export const machineLink = 'machine';

/** A link within the machine cuts nothing into pieces. */
const mtu = 65_535;

/**
 * Loopback addresses are on no link: 127.x.y.z travels as 240.x.y.z, and who sends there as one of 241.0.0.0 to
 * 254.255.255.255. Nothing else is there: no network may have these addresses (RFC 1112, class E).
 */
const loopbackBlock = '127.0.0.0/8';
const travelBlock = { destination: '240.0.0.0', prefixLength: 8 };
const firstSource = ipv4Number('241.0.0.0');
const sourceCount = 14 * 2 ** 24;

/**
 * Ways of UDP from nodes of load balancers to ports of the machine, for targets that are its instances. Each node has a
 * link to the machine's own network, where what comes by it is led to the loopback address that was meant and nowhere
 * else. A node is another sender for each of those addresses, with a route of its own, so that a program that has
 * bound none answers from the one that was asked.
 */
export class MachineWays implements Disposable {
  readonly #host: Namespace;
  readonly #socket: NetlinkSocket;
  readonly #nftables: Nftables;
  readonly #removal: LinkRemoval;
  readonly #table: string;
  /** The table as nftables tells it when it is right. */
  #listing: string | undefined;
  #generation: number | undefined;

  /** @param hostNamespacePath Where the ports are. @throws {NetworkError} */
  constructor(hostNamespacePath: string, installationId: string) {
    this.#host = new Namespace(hostNamespacePath);
    this.#socket = new NetlinkSocket(this.#host);
    this.#nftables = new Nftables(this.#host);
    this.#removal = new LinkRemoval(this.#host);
    this.#table = tableName(installationId);
  }

  /**
   * Ways from a node, made where they are not yet.
   * @param addresses Of the machine's loopback.
   * @returns by address. @throws {NetworkError}
   */
  async from(start: WayStart, addresses: readonly string[]): Promise<ReadonlyMap<string, MachineWay>> {
    const linkIndex = await this.#link(start);
    this.#keepTable();
    const { routes } = readRoutes(this.#socket);
    const taken = new Set(routes.map(({ destination }) => destination));
    const ways = new Map<string, MachineWay>();
    for (const address of new Set(addresses)) {
      const known = routes.find((route) => route.linkIndex === linkIndex && route.source === address);
      const source = known?.destination ?? freeSource(`${start.interfaceId} ${address}`, taken);
      taken.add(source);
      ways.set(address, { source, destination: address.replace(/^127\./, '240.') });
      if (known !== undefined) continue;
      const route = {
        destination: source,
        prefixLength: 32,
        gateway: routerAddress,
        source: address,
      } as const;
      const { router: macAddress } = hostLinkMacs(start.interfaceId);
      this.#socket.batch([
        setNeighbour({ type: 'arp', linkIndex, address: routerAddress, macAddress }),
        setRoute({ ...route, table: mainTable, type: 'unicast', linkIndex, isOnLink: true }),
      ]);
    }
    return ways;
  }

  /** Takes away what stands for all nodes; their links go with them. @throws {NetworkError} */
  purge(): void {
    this.#nftables.run(`add table ip ${this.#table}\ndelete table ip ${this.#table}\n`);
  }

  [Symbol.dispose](): void {
    this.#removal[Symbol.dispose]();
    this.#nftables[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
    this.#host[Symbol.dispose]();
  }

  /** @returns the index of the machine's end. */
  async #link({ namespace, interfaceId }: WayStart): Promise<number> {
    const name = balancerLinkName(interfaceId);
    const named = () => readLinks(this.#socket).find((link) => link.name === name);
    const known = named();
    if (known?.isUp && leadsTo(this.#socket, known, namespace)) return known.index;
    // Of a namespace that is being taken down, or not made to the end.
    if (known !== undefined) await this.#removal.remove(name);
    const macs = hostLinkMacs(interfaceId);
    using node = new NetlinkSocket(namespace);
    node.batch([
      addVeth(
        { name: machineLink, macAddress: macs.router, mtu },
        { name, macAddress: macs.host, mtu },
        this.#host.fd,
      ),
    ]);
    const near = readLinks(node).find((link) => link.name === machineLink)?.index ?? 0;
    const far = named()?.index ?? 0;
    namespace.setSysctls({ [`ipv6/conf/${machineLink}/disable_ipv6`]: '1' });
    this.#host.setSysctls({
      [`ipv6/conf/${name}/disable_ipv6`]: '1',
      // Its packets are for loopback addresses, and are answered from there.
      [`ipv4/conf/${name}/route_localnet`]: '1',
    });
    const byLink = { table: mainTable, type: 'unicast', linkIndex: near, isOnLink: true } as const;
    node.batch([
      setNeighbour({ type: 'arp', linkIndex: near, address: hostAddress, macAddress: macs.host }),
      setRoute({ ...byLink, ...travelBlock, gateway: hostAddress }),
    ]);
    // The last step: who finds it up, after a crash too, finds a link that is whole.
    this.#socket.batch([setLinkUp(far, name)]);
    settleLink(node, near);
    settleLink(this.#socket, far);
    return far;
  }

  /** Others change the machine's rules as well, and may flush them all. */
  #keepTable(): void {
    // As it was before it is looked at: what others change meanwhile is found by the next look.
    const generation = this.#nftables.generation();
    if (generation === this.#generation) return;
    if (this.#listing === undefined || this.#list() !== this.#listing) {
      this.#nftables.run(machineTable(this.#table));
      this.#listing = this.#list();
    }
    this.#generation = generation;
  }

  #list(): string | undefined {
    try {
      return this.#nftables.list(`table ip ${this.#table}`);
    } catch {
      return undefined;
    }
  }
}

function tableName(installationId: string): string {
  return `catamaran_balancers_${installationId.replaceAll(/\W/g, '_')}`;
}

/** The same for each installation, of whichever of them a link is. */
function machineTable(table: string): string {
  const links = `"${balancerLinkPrefix}*"`;
  const { destination, prefixLength } = travelBlock;
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat - 1; policy accept;
    iifname ${links} meta l4proto udp dnat ip prefix to ip daddr map { ${destination}/${prefixLength} : ${loopbackBlock} }
  }
  chain input {
    type filter hook input priority filter - 1; policy accept;
    iifname ${links} ct status ! dnat drop
  }
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    iifname ${links} drop
    oifname ${links} drop
  }
}
`;
}

/** The first that nobody has, from a place on that the name decides. */
function freeSource(name: string, taken: ReadonlySet<string>): string {
  const start = createHash('sha256').update(name).digest().readUInt32BE(0) % sourceCount;
  for (let offset = 0; ; offset += 1) {
    const source = ipv4Text(firstSource + ((start + offset) % sourceCount));
    if (!taken.has(source)) return source;
  }
}
