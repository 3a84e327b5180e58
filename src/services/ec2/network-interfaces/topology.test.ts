import { expect, it } from 'vitest';
import type { AddressRecord, NatGatewayRecord, NetworkInterfaceRecord } from '../records.ts';
import { interfaceTopology, natGatewayTopology } from './topology.ts';

const record: NetworkInterfaceRecord = {
  ...{
    id: 'eni-0a',
    vpcId: 'vpc-0a',
    subnetId: 'subnet-0a',
    availabilityZone: 'eu-west-1a',
    description: '',
  },
  ...{ macAddress: '02:00:00:00:00:01', privateIpv4Addresses: ['10.0.0.4', '10.0.0.5'], tags: {} },
  ...{ ipv4Prefixes: ['10.0.0.16/28'], securityGroupIds: ['sg-0a'], sourceDestCheck: false },
  interfaceType: 'interface',
};
const elastic = (networkInterfaceId: string, privateIpv4: string): AddressRecord => ({
  ...{ allocationId: 'eipalloc-0a', publicIpv4: '198.18.0.7', tags: {} },
  association: { id: 'eipassoc-0a', networkInterfaceId, privateIpv4 },
});

it('tells of an interface what the network must know', () => {
  expect(
    interfaceTopology({ ...record, autoAssignedPublicIpv4: '198.18.0.2' }, [
      elastic('eni-0a', '10.0.0.5'),
      elastic('eni-0b', '10.0.0.5'),
    ]),
  ).toEqual({
    ...{ id: 'eni-0a', subnetId: 'subnet-0a', macAddress: '02:00:00:00:00:01' },
    ...{ addresses: ['10.0.0.4', '10.0.0.5'], prefixes: ['10.0.0.16/28'], securityGroupIds: ['sg-0a'] },
    checksSourceAndDestination: false,
    publicAddresses: [
      { privateIpv4: '10.0.0.4', publicIpv4: '198.18.0.2' },
      { privateIpv4: '10.0.0.5', publicIpv4: '198.18.0.7' },
    ],
  });
});

it('tells where an interface is, at home unless its attachment names another machine', () => {
  const attachment = {
    ...{ id: 'eni-attach-0a', instanceOwnerId: 'amazon-ecs', deviceIndex: 1, machineId: 'm-0b' },
    ...({ status: 'attached', attachedAt: 0, deleteOnTermination: false } as const),
  };
  expect(interfaceTopology({ ...record, attachment }, [], 'm-0a').machineId).toBe('m-0b');
  expect(interfaceTopology(record, [], 'm-0a').machineId).toBe('m-0a');
});

it('tells of a NAT gateway only while it is available', () => {
  const gateway: NatGatewayRecord = {
    ...{
      id: 'nat-0a',
      vpcId: 'vpc-0a',
      subnetId: 'subnet-0a',
      connectivityType: 'public',
      createdAt: 0,
      tags: {},
    },
    ...{ state: 'available', privateIpv4: '10.0.0.4', publicIpv4: '198.18.0.7' },
  };
  expect(natGatewayTopology(gateway)).toEqual({
    ...{ id: 'nat-0a', subnetId: 'subnet-0a', privateIpv4: '10.0.0.4', publicIpv4: '198.18.0.7' },
  });
  expect(natGatewayTopology({ ...gateway, state: 'deleting' })).toBeUndefined();
});
