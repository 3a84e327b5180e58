import type { loadPodNetworking, NodeInterfaces, VpcPodNetworkOptions } from '../../node/index.ts';
import { instanceType } from '../../services/ec2/index.ts';
import type { FargateInstance } from '../../services/eks/index.ts';
import type { NetworkedNode } from './serve-node-pods.ts';

type Networking = Awaited<ReturnType<typeof loadPodNetworking>>;
type Interfaces = Pick<VpcPodNetworkOptions, 'hasPrefixes' | 'interfaces' | 'isFargate' | 'limits'>;

/**
 * The network interfaces of a node: those of one of a node group EC2 tells, and it may ask for more; one of Fargate has the one
 * that it came with.
 * @param endpoint Of the AWS API.
 */
export async function interfacesOf(
  { instance, region, networkCredentials, settings }: NetworkedNode,
  endpoint: string,
  { nodeInterfaces }: Networking,
): Promise<Interfaces> {
  if (instance.fargate !== undefined) {
    const limits = { maxInterfaces: 1, ipv4PerInterface: 1 };
    return { interfaces: onlyInterface(instance), limits, isFargate: true };
  }
  const type = instanceType(instance.instanceType);
  const { maxInterfaces = 1, ipv4PerInterface = 1 } = type ?? {};
  const { EC2 } = await import('@aws-sdk/client-ec2');
  const ec2 = new EC2({ endpoint, region, credentials: networkCredentials, maxAttempts: 1 });
  return {
    interfaces: nodeInterfaces(ec2, instance),
    limits: { maxInterfaces, ipv4PerInterface },
    // Instances of Xen have none.
    hasPrefixes: () => type?.hypervisor === 'nitro' && settings.now().hasPrefixes,
  };
}

function onlyInterface({ launched, macAddress = '' }: FargateInstance): NodeInterfaces {
  const refuse = (): Promise<never> => Promise.reject(new Error('A node of Fargate has one address'));
  const own =
    launched === undefined
      ? []
      : [
          {
            ...{ id: launched.networkInterfaceId, deviceIndex: 0, macAddress, subnetId: launched.subnetId },
            ...{ securityGroupIds: [], primaryAddress: launched.privateIpv4 },
            ...{ secondaryAddresses: [], prefixes: [] },
          },
        ];
  return { list: async () => own, assign: refuse, add: refuse };
}
