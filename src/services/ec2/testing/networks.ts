import { seededRandom } from '../../../clock/index.ts';
import type { State } from '../../../reconcile/index.ts';
import {
  defaultVpcs,
  ec2Key,
  internetGateways,
  type NatGatewayRecord,
  type NetworkInterfaceRecord,
  natGateways,
  networkInterfaces,
  type Scope,
  type SubnetRecord,
  subnets,
  type VpcRecord,
  vpcs,
} from '../records.ts';
import { putDefaultGroup } from '../security-groups/default-group.ts';

const hex = (number: number): string => number.toString(16).padStart(17, '0');

/** As CreateVpc leaves its record, with nothing in it. */
export async function putVpc(
  state: State,
  scope: Scope,
  number: number,
  bent: Partial<VpcRecord> = {},
): Promise<string> {
  const id = `vpc-${hex(number)}`;
  await state.transact((tx) => {
    // An account with a default VPC of the test's gets no other.
    if (bent.isDefault) tx.put(defaultVpcs, ec2Key(defaultVpcs, scope, 'made'), { madeAt: 0 });
    tx.put(vpcs, ec2Key(vpcs, scope, id), {
      ...{ id, number, isDefault: false, instanceTenancy: 'default', tags: {} },
      cidrs: [{ associationId: `vpc-cidr-assoc-${hex(number)}`, cidr: '10.0.0.0/16' }],
      ...{ enableDnsSupport: true, enableDnsHostnames: false, enableNetworkAddressUsageMetrics: false },
      ...bent,
    });
  });
  return id;
}

/** As CreateSubnet leaves its record. */
export async function putSubnet(
  state: State,
  scope: Scope,
  number: number,
  bent: Partial<SubnetRecord> & Pick<SubnetRecord, 'vpcId' | 'cidr'>,
): Promise<string> {
  const id = `subnet-${hex(number)}`;
  await state.transact((tx) =>
    tx.put(subnets, ec2Key(subnets, scope, id), {
      ...{ id, availabilityZone: `${scope.region}a`, isDefaultForAz: false, tags: {} },
      ...{ mapPublicIpOnLaunch: false, enableResourceNameDnsARecord: false },
      privateDnsHostnameType: 'ip-name',
      ...bent,
    }),
  );
  return id;
}

type Placed = 'vpcId' | 'subnetId';

/** An interface that is attached. */
export async function putInterface(
  state: State,
  scope: Scope,
  number: number,
  bent: Partial<NetworkInterfaceRecord> & Pick<NetworkInterfaceRecord, Placed>,
): Promise<string> {
  const id = `eni-${hex(number)}`;
  await state.transact((tx) =>
    tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, id), {
      ...{ id, availabilityZone: `${scope.region}a`, description: '', macAddress: '02:00:00:00:00:01' },
      ...{ privateIpv4Addresses: ['10.0.0.4'], ipv4Prefixes: [], securityGroupIds: [] },
      ...{ sourceDestCheck: true, interfaceType: 'interface', tags: {} },
      attachment: {
        ...{ id: `eni-attach-${hex(number)}`, instanceOwnerId: 'amazon-aws', deviceIndex: 1 },
        ...{ status: 'attached', attachedAt: 0, deleteOnTermination: false },
      },
      ...bent,
    }),
  );
  return id;
}

/** One that is available. */
export async function putNatGateway(
  state: State,
  scope: Scope,
  number: number,
  bent: Partial<NatGatewayRecord> & Pick<NatGatewayRecord, Placed>,
): Promise<string> {
  const id = `nat-${hex(number)}`;
  await state.transact((tx) =>
    tx.put(natGateways, ec2Key(natGateways, scope, id), {
      ...{ id, connectivityType: 'private', state: 'available', createdAt: 0, tags: {} },
      ...bent,
    }),
  );
  return id;
}

export interface TestNetwork {
  readonly vpcId: string;
  readonly defaultGroupId: string;
  readonly subnetIds: readonly string[];
}

/** A VPC 10.0.0.0/16 with its default group and DNS host names, and a subnet for each of `cidrs`, in this order. */
export async function putNetwork(
  state: State,
  scope: Scope,
  number: number,
  cidrs: readonly string[],
): Promise<TestNetwork> {
  const vpcId = await putVpc(state, scope, number, { enableDnsHostnames: true });
  const group = await state.transact((tx) =>
    putDefaultGroup(tx, seededRandom(`groups of ${number}`), scope, vpcId),
  );
  const subnetIds: string[] = [];
  for (const [index, cidr] of cidrs.entries())
    subnetIds.push(await putSubnet(state, scope, number * 256 + index, { vpcId, cidr }));
  return { vpcId, defaultGroupId: group.id, subnetIds };
}

/** Attached. */
export async function putInternetGateway(state: State, scope: Scope, vpcId: string): Promise<string> {
  const id = vpcId.replace('vpc-', 'igw-');
  await state.transact((tx) =>
    tx.put(internetGateways, ec2Key(internetGateways, scope, id), { id, vpcId, tags: {} }),
  );
  return id;
}
