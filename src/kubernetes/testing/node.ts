import { expect } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { launchNode } from '../../services/ec2/index.ts';
import { type EksServer, scope, type TestCluster } from './eks-server.ts';

/** A ready node of a cluster on an instance in its VPC. @param id The instance's. */
export async function addNode(
  server: EksServer,
  cluster: TestCluster,
  { name, id, labels }: { readonly name: string; readonly id: string; readonly labels: object },
): Promise<void> {
  const { Subnets = [] } = await server.ask('ec2', 'DescribeSubnets', {});
  const ec2 = { state: server.state, random: seededRandom('nodes'), publicCidr: '198.18.0.0/24' };
  await server.state.transact((tx) =>
    launchNode(tx, ec2, scope, {
      ...{ id, instanceType: 't3.medium', imageId: 'ami-0a', isSpot: false, architecture: 'x86_64' },
      ...{
        subnetIds: [Subnets[0]?.SubnetId ?? ''],
        securityGroupIds: [],
        now: 0,
        tags: {},
        interfaceTags: {},
      },
    }),
  );
  const { status } = await cluster.call('POST', '/api/v1/nodes', {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
    spec: { providerID: `aws:///eu-west-1a/${id}` },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  expect(status).toBe(201);
}
