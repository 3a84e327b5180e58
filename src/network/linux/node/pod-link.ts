import type { Namespace } from '../namespace.ts';
import { addAddress } from '../netlink/address.ts';
import { addVeth, setLinkUp } from '../netlink/link.ts';
import { setNeighbour } from '../netlink/neighbour.ts';
import { mainTable, setRoute } from '../netlink/route.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { beginSandbox, loopbackIndex } from '../sandbox-link.ts';
import { podLinkName, podMacs } from './pod-names.ts';

/** What a pod takes for its router, as with the Amazon VPC CNI plugin: whatever is sent there goes to the node. */
const podGateway = '169.254.1.1';

/** Its name in the pod, and its index there: chosen, so that nobody has to ask for it. */
const name = 'eth0';
const index = 1_000;

/** The link between a node and one of its pods, up at the node's end. @throws {NetworkError} */
export function addPodLink(
  node: NetlinkSocket,
  uid: string,
  sandbox: Namespace,
  { linkIndex, mtu }: { readonly linkIndex: number; readonly mtu: number },
): void {
  const macs = podMacs(uid);
  node.batch([
    addVeth(
      { name: podLinkName(uid), index: linkIndex, macAddress: macs.node, mtu },
      { name, index, macAddress: macs.pod, mtu },
      sandbox.fd,
    ),
  ]);
}

/** The pod's end: its address alone, and everything else behind the node. What is so already stays. @throws {NetworkError} */
export function configurePod(uid: string, address: string, sandbox: Namespace): void {
  using socket = new NetlinkSocket(sandbox);
  beginSandbox(sandbox, name, socket);
  const byLink = { table: mainTable, type: 'unicast', linkIndex: index } as const;
  socket.batch([
    setLinkUp(loopbackIndex, 'lo'),
    addAddress(index, address, 32, { hasRoute: false }),
    setLinkUp(index, name),
    setNeighbour({
      ...{ type: 'arp', linkIndex: index, address: podGateway, macAddress: podMacs(uid).node },
    }),
    setRoute({ ...byLink, destination: podGateway, prefixLength: 32 }),
    setRoute({ ...byLink, destination: '0.0.0.0', prefixLength: 0, gateway: podGateway }),
  ]);
}
