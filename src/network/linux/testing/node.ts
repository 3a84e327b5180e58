import type { SecurityGroupTopology } from '../../../topology/index.ts';
import type { NodePod } from '../node/host-ports.ts';
import { NodeNetwork } from '../node/node-network.ts';
import { TestMachine } from './machine.ts';
import { api, far, furtherAddress, localAddress, nodeAddress, own, taskAddress, web } from './node-places.ts';
import { eni, eniId, id, local, toInternet, vpc } from './topologies.ts';

const never = new AbortController().signal;

/**
 * A node with two interfaces, and a task, in a VPC of one machine; the node's primary address is 198.51.100.7 outside.
 * @param more Addresses of its primary interface beside those of `node-places.ts`.
 * @param groups Of the interface that the pod `own` has for itself, beside the one that lets everything through.
 */
export async function openNode(more: readonly string[] = [], groups: readonly SecurityGroupTopology[] = []) {
  const machine = new TestMachine();
  const network = machine.network();
  const topology = vpc({
    hasInternetGateway: true,
    routeTables: [
      { id: id('rtb', 'a'), routes: [local, toInternet] },
      { id: id('rtb', 'b'), routes: [local] },
    ],
    interfaces: [
      eni(nodeAddress, {
        addresses: [nodeAddress, web.address, api.address, ...more],
        publicAddresses: [{ privateIpv4: nodeAddress, publicIpv4: '198.51.100.7' }],
      }),
      eni(furtherAddress, { addresses: [furtherAddress, far.address] }),
      eni(taskAddress),
      eni(own.address, groups.length === 0 ? {} : { securityGroupIds: groups.map(({ id }) => id) }),
    ],
    ...(groups.length > 0 && { securityGroups: [...vpc().securityGroups, ...groups] }),
  });
  await network.apply(topology);
  const netnsPath = machine.namespace('node').path;
  const attach = (address: string, name: string, deviceIndex: number) =>
    network.attach({
      ...{ interfaceId: eniId(address), netnsPath: machine.namespace(name).path, deviceIndex },
      signal: never,
    });
  await attach(nodeAddress, 'node', 0);
  await attach(furtherAddress, 'node', 1);
  await attach(taskAddress, 'task', 0);
  /** The interface of its own is its node's to forward, as long as it has not joined. */
  const attachOwn = () =>
    network.attach({
      ...{ interfaceId: eniId(own.address), netnsPath, deviceIndex: own.deviceIndex },
      ...{ isForwarded: true, signal: never },
    });
  const open = (pods: readonly NodePod[], primaryAddress = nodeAddress) =>
    new NodeNetwork({
      ...{ netnsPath, primaryAddress, cidrs: () => topology.cidrs, mtu: () => 1_500 },
      ...{ pods, localAddresses: [localAddress], clock: machine.clock },
    });
  const node = open([]);
  const join = (pod: NodePod, to = node) => to.join(pod, machine.namespace(pod.uid).path);
  return { machine, node, join, open, attachOwn, network, topology };
}
