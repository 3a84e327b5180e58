import { cidrBlock, type InterfaceTopology, routerOf, type SubnetTopology } from '../../topology/index.ts';
import { NetworkError } from '../network.ts';
import { linkName } from './link-name.ts';
import type { Namespace } from './namespace.ts';
import { addAddress } from './netlink/address.ts';
import { addVeth, type Link, namespaceNumber, readLinks, setLinkUp } from './netlink/link.ts';
import { setNeighbour } from './netlink/neighbour.ts';
import { mainTable, setRoute } from './netlink/route.ts';
import { NetlinkSocket } from './netlink/socket.ts';
import { macOf } from './router-parts.ts';

/** Of a sandbox's first interface, above what the kernel chooses by itself: chosen, so that nobody has to ask for it. */
const firstDevice = 1_000;
export const loopbackIndex = 1;

/** Links of routers are numbered from here on: no sandbox has so many interfaces. */
export const firstLinkIndex = firstDevice + 500;

/** An interface's name in a sandbox, and its index there. */
const deviceLink = (deviceIndex: number) => ({ name: `eth${deviceIndex}`, index: firstDevice + deviceIndex });

/** See `deviceLink`. */
export const deviceName = (deviceIndex: number): string => deviceLink(deviceIndex).name;

/** Of what is sent from addresses of an interface that is not its sandbox's first. */
export const deviceTable = (deviceIndex: number): number => deviceIndex + 1;

/**
 * A link between a router and a sandbox, with the interface's MAC at the sandbox's end; `configureSandbox` does the
 * rest there. @throws {NetworkError} the sandbox has an `eth0` already, or the kernel says no.
 */
export function addSandboxLink(
  router: NetlinkSocket,
  each: InterfaceTopology,
  sandbox: Namespace,
  {
    linkIndex,
    deviceIndex,
    mtu,
  }: { readonly linkIndex: number; readonly deviceIndex: number; readonly mtu: number },
): void {
  const { name, index } = deviceLink(deviceIndex);
  const near = { name: linkName(each.id), index: linkIndex, macAddress: routerMac(each), mtu };
  const far = { name, index, macAddress: each.macAddress, mtu };
  try {
    router.batch([addVeth(near, far, sandbox.fd)]);
  } catch (cause) {
    using socket = new NetlinkSocket(sandbox);
    if (!readLinks(socket).some((link) => link.name === name || link.index === index)) throw cause;
    throw new NetworkError(
      `Cannot attach ${each.id} to ${sandbox.path}: it has an ${name} already; detach what that belongs to first`,
      { cause },
    );
  }
}

/**
 * The sandbox's end: address, default route, loopback. What is so already stays. All packets go to the router, those
 * to the same subnet too, and its MAC is known for good: no sandbox has more than this one neighbour for each interface.
 * An interface that is forwarded has no address there.
 */
export function configureSandbox(
  each: InterfaceTopology,
  subnet: SubnetTopology,
  sandbox: Namespace,
  { deviceIndex, isForwarded }: { readonly deviceIndex: number; readonly isForwarded: boolean },
): void {
  const { name, index } = deviceLink(deviceIndex);
  const [address] = each.addresses;
  if (address === undefined) throw new NetworkError(`Cannot attach ${each.id}: it has no address`);
  using socket = new NetlinkSocket(sandbox);
  beginSandbox(sandbox, name, socket);
  const router = routerOf(subnet.cidr);
  const toRouter = { type: 'unicast', linkIndex: index } as const;
  const everywhere = { destination: '0.0.0.0', prefixLength: 0, gateway: router } as const;
  socket.batch([
    setLinkUp(loopbackIndex, 'lo'),
    ...(isForwarded
      ? []
      : [addAddress(index, address, cidrBlock(subnet.cidr).prefixLength, { hasRoute: false })]),
    setLinkUp(index, name),
    setNeighbour({ type: 'arp', linkIndex: index, address: router, macAddress: routerMac(each) }),
    ...(deviceIndex === 0
      ? [
          setRoute({ ...toRouter, table: mainTable, destination: router, prefixLength: 32 }),
          setRoute({ ...toRouter, table: mainTable, ...everywhere }),
        ]
      : [setRoute({ ...toRouter, table: deviceTable(deviceIndex), ...everywhere, isOnLink: true })]),
  ]);
}

/** What engines set in network namespaces that they make: anybody may take any port, and ask by ping. */
const engineSysctls = { 'ipv4/ip_unprivileged_port_start': '0', 'ipv4/ping_group_range': '0 2147483647' };

/**
 * Sets what has to be set in a sandbox's namespace before its loopback is up. One of a container that no engine has made,
 * whose loopback is still down, gets what engines set; in others there may be something else by choice.
 * @param name Of the link to it.
 */
export function beginSandbox(sandbox: Namespace, name: string, socket: NetlinkSocket): void {
  const isOfContainer = sandbox.path.startsWith('/proc/');
  const isNew =
    isOfContainer && !readLinks(socket).some(({ index, isUp }) => index === loopbackIndex && isUp);
  sandbox.setSysctls({ ...(isNew && engineSysctls), [`ipv6/conf/${name}/disable_ipv6`]: '1' });
}

/** Whether a router's link ends in that sandbox. */
export function leadsTo(router: NetlinkSocket, { peerNamespace }: Link, sandbox: Namespace): boolean {
  return peerNamespace !== undefined && namespaceNumber(router, sandbox.fd) === peerNamespace;
}

export function routerMac({ id }: InterfaceTopology): string {
  return macOf(`${id}/router`);
}
