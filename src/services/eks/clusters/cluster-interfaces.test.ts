import { expect, it } from 'vitest';
import { vpcFacts } from '../../ec2/index.ts';
import { ec2Key, networkInterfaces, subnetAddresses, subnets } from '../../ec2/records.ts';
import { putNetwork, putSubnet } from '../../ec2/testing/networks.ts';
import { clusterInterfaces } from '../reconcilers/cluster-interfaces.ts';
import { type ClusterRecord, clusterKey, clusters } from '../records.ts';
import { type EksApi, scope, startEksApi } from '../testing/eks-api.ts';

const key = clusterKey(scope, 'harbor');
const interfacesIn = ({ server: { state } }: EksApi) =>
  [...state.list(networkInterfaces)].map(({ value }) => value);
const clusterIn = ({ server: { state } }: EksApi): ClusterRecord => {
  const found = state.get(clusters, key);
  if (found === undefined) throw new Error('There is no cluster harbor');
  return found;
};

it('a cluster has an interface in two of its zones, in its group, until it is deleted', async () => {
  await using api = await startEksApi();
  await api.cluster('harbor');
  const { networkInterfaces: told = [], clusterSecurityGroupId } = clusterIn(api);
  const made = interfacesIn(api);
  expect(made).toHaveLength(2);
  expect(new Set(made.map(({ availabilityZone }) => availabilityZone)).size).toBe(2);
  for (const { id, subnetId, privateIpv4Addresses, ...shown } of made) {
    expect(told).toContainEqual({ id, subnetId, privateIpv4: privateIpv4Addresses[0] });
    expect(api.subnetIds).toContain(subnetId);
    expect(shown).toMatchObject({
      ...{ description: 'Amazon EKS harbor', interfaceType: 'interface', requesterId: 'amazon-eks' },
      ...{ securityGroupIds: [clusterSecurityGroupId], sourceDestCheck: true, tags: {} },
    });
  }
  await api.eks.deleteCluster({ name: 'harbor' });
  await api.end('harbor');
  expect(interfacesIn(api)).toEqual([]);
  expect([...api.server.state.list(subnetAddresses)]).toEqual([]);
});

it('they follow an update to other subnets and security groups', async () => {
  await using api = await startEksApi();
  const { state } = api.server;
  const [first = '', second = '', third = ''] = api.subnetIds;
  await state.transact((tx) => {
    const [zone, other] = [first, third].map((id) => tx.get(subnets, ec2Key(subnets, scope, id)));
    if (zone === undefined || other === undefined) throw new Error('The default VPC has three subnets');
    const { availabilityZone } = zone;
    tx.put(subnets, ec2Key(subnets, scope, third), { ...other, availabilityZone });
  });
  await api.cluster('harbor', { resourcesVpcConfig: { subnetIds: [first, second] } });
  const { networkInterfaces: before = [], clusterSecurityGroupId = '', vpcId } = clusterIn(api);
  const groupId = vpcFacts(state, scope, vpcId)?.defaultSecurityGroupId ?? '';
  await api.eks.updateClusterConfig({
    name: 'harbor',
    resourcesVpcConfig: { subnetIds: [third, second], securityGroupIds: [groupId] },
  });
  const after = clusterIn(api).networkInterfaces ?? [];
  expect(after.map(({ subnetId }) => subnetId)).toEqual([third, second]);
  expect(after[1]).toEqual(before[1]);
  expect(interfacesIn(api).map(({ id }) => id)).toEqual(expect.arrayContaining(after.map(({ id }) => id)));
  for (const { securityGroupIds } of interfacesIn(api))
    expect(securityGroupIds).toEqual([clusterSecurityGroupId, groupId]);
  expect(interfacesIn(api)).toHaveLength(2);
});

it('a cluster is not made where its subnets have no address left', async () => {
  await using api = await startEksApi();
  const { state } = api.server;
  const { vpcId, subnetIds } = await putNetwork(state, scope, 7, ['10.7.0.0/28']);
  const inB = { vpcId, cidr: '10.7.0.16/28', availabilityZone: `${scope.region}b` };
  const resourcesVpcConfig = { subnetIds: [...subnetIds, await putSubnet(state, scope, 99, inB)] };
  // A VPC keeps five of sixteen for itself.
  for (let index = 0; index < 11; index++) await api.cluster(`other-${index}`, { resourcesVpcConfig });
  await expect(api.cluster('harbor', { resourcesVpcConfig })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining('no free address for a network interface of the cluster'),
  });
  expect(state.get(clusters, key)).toBeUndefined();
});

it('one that was made before clusters had any gets them', async () => {
  await using api = await startEksApi();
  const { state, context, clock } = api.server;
  await api.cluster('harbor');
  const { networkInterfaces: _, ...older } = clusterIn(api);
  await state.transact((tx) => tx.put(clusters, key, older));
  const { random } = context;
  const parts = { state, clock, random, publicCidr: '198.18.0.0/24', controlPlaneOf: () => undefined };
  await clusterInterfaces({
    ...{
      ...parts,
      whyNotAssumed: () => undefined,
      machineArchitecture: () => 'x86_64',
      otherMachines: () => [],
      grantDataKey: () => ({ type: 'missing' }),
    },
  }).reconcile(key, { signal: new AbortController().signal } as never);
  expect(clusterIn(api).networkInterfaces).toHaveLength(2);
});
