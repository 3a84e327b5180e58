import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { type OpenState, openState } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Key, type Scope, securityGroupNames, securityGroups, subnets, vpcs } from '../records.ts';

export const scope: Scope = { accountId: '123456789012', region: 'eu-west-1' };

/** The EC2 room over a memory store, on a virtual clock. */
export interface TestRoom extends AsyncDisposable {
  readonly ec2: Ec2Context & { readonly state: OpenState; readonly clock: VirtualClock };
  /** A VPC with its default group, and a subnet for each of `cidrs`, in this order. Ids are made of `number`. */
  addVpc(number: number, cidrs: readonly string[]): Promise<TestVpc>;
}

export interface TestVpc {
  readonly vpcId: string;
  readonly defaultGroupId: string;
  readonly subnetIds: readonly string[];
}

export async function openRoom(): Promise<TestRoom> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const state = await openState(openMemoryStore({ clock }), { clock });
  const ec2 = { state, clock, random: seededRandom(1), publicCidr: '198.18.0.0/29' };
  return {
    ec2,
    addVpc: (number, cidrs) => addVpc(state, number, cidrs),
    [Symbol.asyncDispose]: () => state.close(),
  };
}

async function addVpc(state: OpenState, number: number, cidrs: readonly string[]): Promise<TestVpc> {
  const vpcId = `vpc-${hex(number)}`;
  const defaultGroupId = `sg-${hex(number)}`;
  const subnetIds = cidrs.map((_, index) => `subnet-${hex(number * 256 + index)}`);
  await state.transact((tx) => {
    tx.put(vpcs, ec2Key(vpcs, scope, vpcId), {
      id: vpcId,
      number,
      cidrs: [{ associationId: `vpc-cidr-assoc-${hex(number)}`, cidr: '10.0.0.0/16' }],
      isDefault: false,
      instanceTenancy: 'default',
      enableDnsSupport: true,
      enableDnsHostnames: true,
      enableNetworkAddressUsageMetrics: false,
      tags: {},
    });
    tx.put(securityGroups, ec2Key(securityGroups, scope, defaultGroupId), {
      ...{ id: defaultGroupId, name: 'default', description: 'default VPC security group', vpcId },
      ...{ rules: [], tags: {} },
    });
    tx.put(securityGroupNames, ec2Key(securityGroupNames, scope, vpcId, 'default'), {
      groupId: defaultGroupId,
    });
    for (const [index, cidr] of cidrs.entries()) {
      const id = subnetIds[index] ?? '';
      tx.put(subnets, ec2Key(subnets, scope, id), {
        ...{ id, vpcId, cidr, availabilityZone: 'eu-west-1a', isDefaultForAz: false, tags: {} },
        ...{ mapPublicIpOnLaunch: false, enableResourceNameDnsARecord: false },
        privateDnsHostnameType: 'ip-name',
      });
    }
  });
  return { vpcId, defaultGroupId, subnetIds };
}

const hex = (number: number): string => number.toString(16).padStart(17, '0');
