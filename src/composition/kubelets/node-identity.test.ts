import { expect, it } from 'vitest';
import type { NodeInstanceRecord } from '../../services/eks/index.ts';
import { identityOf } from './node-identity.ts';

const scope = { accountId: '111122223333', region: 'eu-west-1' };
const common = {
  ...{ instanceId: 'i-1', clusterName: 'harbor', nodeRole: 'arn:aws:iam::111122223333:role/node' },
  launched: { privateDnsName: 'ip-10-0-0-4.eu-west-1.compute.internal' },
};

it('a node signs in as the session of its instance, with what EC2 has of its role', () => {
  expect(identityOf(scope, { ...common, nodegroupName: 'blue' } as unknown as NodeInstanceRecord)).toEqual({
    ...{ ...scope, clusterName: 'harbor', nodeRole: common.nodeRole, sessionName: 'i-1' },
    service: 'ec2.amazonaws.com',
    sourceArn: 'arn:aws:eks:eu-west-1:111122223333:cluster/harbor',
  });
});

it('a node of Fargate signs in as the session of its own name, for its profile', () => {
  const profileArn = 'arn:aws:eks:eu-west-1:111122223333:fargateprofile/harbor/cold/u';
  const instance = { ...common, fargate: { profileArn } } as unknown as NodeInstanceRecord;
  expect(identityOf(scope, instance)).toMatchObject({
    sessionName: 'fargate-ip-10-0-0-4.eu-west-1.compute.internal',
    service: 'eks-fargate-pods.amazonaws.com',
    sourceArn: profileArn,
  });
});
