import { expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { networkCredentials } from './network-credentials.ts';

const nodeRole = 'arn:aws:iam::111122223333:role/node';
const cniRole = 'arn:aws:iam::111122223333:role/cni';
const node = {
  ...{ accountId: '111122223333', region: 'eu-west-1', clusterName: 'harbor', nodeRole },
  ...({ service: 'ec2.amazonaws.com', sessionName: 'i-1' } as const),
  sourceArn: 'arn:aws:eks:eu-west-1:111122223333:cluster/harbor',
};

/** The role and service that are asked for, where `aws-node` has this association. */
function askedWith(association: object | undefined) {
  const asked: object[] = [];
  const reader = {
    get: (_: unknown, key: string) =>
      key.endsWith('/harbor/kube-system/aws-node') ? association : undefined,
  };
  const iam = {
    assumeRoleForService: (of: object) => {
      asked.push(of);
      return { isAssumed: false, message: 'the role is gone' };
    },
  };
  expect(() =>
    networkCredentials({ state: reader as never, iam: iam as never, random: seededRandom(1) }, node),
  ).toThrow('i-1 has no credentials: the role is gone');
  return asked;
}

it('are those of the role that aws-node is associated with, else of the node', () => {
  expect(askedWith(undefined)).toMatchObject([{ roleArn: nodeRole, service: 'ec2.amazonaws.com' }]);
  expect(askedWith({ roleArn: cniRole, disableSessionTags: false })).toMatchObject([
    {
      ...{ roleArn: cniRole, service: 'pods.eks.amazonaws.com' },
      sessionName: expect.stringMatching(/^eks-aws-node-i-1-/),
      tags: { 'eks-cluster-name': 'harbor', 'kubernetes-service-account': 'aws-node' },
    },
  ]);
  expect(askedWith({ roleArn: cniRole, disableSessionTags: true })).toMatchObject([{ tags: {} }]);
});
