import type { EC2, NetworkInterface } from '@aws-sdk/client-ec2';
import type { More, NodeInterface } from './plan.ts';

/** The VPC CNI plugin's own, on interfaces that it has made. */
const instanceTag = 'node.k8s.amazonaws.com/instance_id';

/** The interfaces of one node, in EC2. */
export interface NodeInterfaces {
  /** By device index. @throws {Error} */
  list(signal: AbortSignal): Promise<readonly NodeInterface[]>;
  /** Gives an interface more for pods: all that is asked, or nothing. @throws {Error} in EC2's words. */
  assign(interfaceId: string, more: More, signal: AbortSignal): Promise<void>;
  /** One more interface, in the subnet and the groups of `like`. @throws {Error} in EC2's words. */
  add(
    wanted: { readonly deviceIndex: number; readonly more: More; readonly like: NodeInterface },
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * By EC2's API, with the node role's credentials, as the Amazon VPC CNI plugin does it: the role needs what
 * `AmazonEKS_CNI_Policy` allows. The first look also sees to what an earlier process has left half made, as the plugin cleans
 * up interfaces that leaked.
 */
export function nodeInterfaces(
  ec2: Pick<
    EC2,
    | 'assignPrivateIpAddresses'
    | 'attachNetworkInterface'
    | 'createNetworkInterface'
    | 'deleteNetworkInterface'
    | 'describeNetworkInterfaces'
    | 'modifyNetworkInterfaceAttribute'
  >,
  { instanceId, clusterName }: { readonly instanceId: string; readonly clusterName: string },
): NodeInterfaces {
  let isTidy = false;
  /** An interface comes in three steps, and whoever took them may have been killed between two. */
  const tidy = async (abortSignal: AbortSignal): Promise<void> => {
    const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces(
      { Filters: [{ Name: `tag:${instanceTag}`, Values: [instanceId] }] },
      { abortSignal },
    );
    for (const { NetworkInterfaceId, Attachment } of NetworkInterfaces) {
      if (Attachment === undefined) await ec2.deleteNetworkInterface({ NetworkInterfaceId }, { abortSignal });
      else if (Attachment.DeleteOnTermination === false)
        await goesWithInstance(NetworkInterfaceId, Attachment.AttachmentId, abortSignal);
    }
  };
  const goesWithInstance = (
    NetworkInterfaceId: string | undefined,
    AttachmentId: string | undefined,
    abortSignal: AbortSignal,
  ) =>
    ec2.modifyNetworkInterfaceAttribute(
      { NetworkInterfaceId, Attachment: { AttachmentId, DeleteOnTermination: true } },
      { abortSignal },
    );
  return {
    list: async (abortSignal) => {
      if (!isTidy) await tidy(abortSignal);
      isTidy = true;
      const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces(
        { Filters: [{ Name: 'attachment.instance-id', Values: [instanceId] }] },
        { abortSignal },
      );
      return NetworkInterfaces.map(interfaceOf).sort((one, other) => one.deviceIndex - other.deviceIndex);
    },
    assign: async (NetworkInterfaceId, more, abortSignal) => {
      await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, ...countsOf(more) }, { abortSignal });
    },
    add: async ({ deviceIndex: DeviceIndex, more, like }, abortSignal) => {
      const { NetworkInterface } = await ec2.createNetworkInterface(
        {
          ...{ SubnetId: like.subnetId, Groups: [...like.securityGroupIds] },
          ...countsOf(more),
          Description: `aws-K8S-${instanceId}`,
          TagSpecifications: [
            {
              ResourceType: 'network-interface',
              Tags: [
                { Key: instanceTag, Value: instanceId },
                { Key: 'cluster.k8s.amazonaws.com/name', Value: clusterName },
              ],
            },
          ],
        },
        { abortSignal },
      );
      const { NetworkInterfaceId } = NetworkInterface ?? {};
      try {
        const attached = await ec2.attachNetworkInterface(
          { NetworkInterfaceId, InstanceId: instanceId, DeviceIndex },
          { abortSignal },
        );
        await goesWithInstance(NetworkInterfaceId, attached.AttachmentId, abortSignal);
      } catch (error) {
        // Nobody has it; or it is attached, and the next look sees to it.
        isTidy = false;
        await ec2.deleteNetworkInterface({ NetworkInterfaceId }).catch(() => {});
        throw error;
      }
    },
  };
}

const countsOf = (more: More) =>
  more.type === 'prefix' ? { Ipv4PrefixCount: 1 } : { SecondaryPrivateIpAddressCount: more.count };

function interfaceOf(found: NetworkInterface): NodeInterface {
  const addresses = found.PrivateIpAddresses ?? [];
  return {
    id: found.NetworkInterfaceId ?? '',
    deviceIndex: found.Attachment?.DeviceIndex ?? 0,
    macAddress: found.MacAddress ?? '',
    subnetId: found.SubnetId ?? '',
    securityGroupIds: (found.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    primaryAddress: found.PrivateIpAddress ?? '',
    prefixes: (found.Ipv4Prefixes ?? []).flatMap(({ Ipv4Prefix }) => Ipv4Prefix ?? []),
    secondaryAddresses: addresses.flatMap(({ Primary, PrivateIpAddress }) =>
      Primary || PrivateIpAddress === undefined ? [] : [PrivateIpAddress],
    ),
  };
}
