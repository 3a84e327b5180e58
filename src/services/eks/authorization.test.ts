import * as sdk from '@aws-sdk/client-eks';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region, role } from '../testing/guarded.ts';
import { eksOperations } from './operations.ts';
import { type ClusterRecord, clusterKey, clusters } from './records.ts';

const arn = (name: string) => `arn:aws:eks:${region}:${accountId}:cluster/${name}`;
const name = 'harbor';
const resourceArn = arn(name);
const tags = { Pier: 'nine' };
const tagged = { 'aws:ResourceTag/team': 'blue' };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const on = [resourceArn];

const cases: Readonly<Record<string, Case>> = {
  CreateCluster: {
    input: { name: 'lagoon', roleArn: role('eks'), resourcesVpcConfig: {}, tags },
    on: [arn('lagoon')],
    keys: {
      ...tagging,
      'eks:authenticationMode': 'API',
      'eks:blockStorageEnabled': 'false',
      'eks:bootstrapClusterCreatorAdminPermissions': 'true',
      'eks:bootstrapSelfManagedAddons': 'true',
      'eks:computeConfigEnabled': 'false',
      'eks:elasticLoadBalancingEnabled': 'false',
      'eks:supportType': 'EXTENDED',
    },
    besides: [
      { action: 'iam:PassRole', on: role('eks'), keys: { 'iam:PassedToService': 'eks.amazonaws.com' } },
    ],
  },
  DeleteCluster: { input: { name }, on, keys: tagged },
  DescribeCluster: { input: { name }, on, keys: tagged },
  ListClusters: { input: {}, on: ['*'] },
  ListTagsForResource: { input: { resourceArn }, on, keys: tagged },
  TagResource: { input: { resourceArn, tags }, on, keys: { ...tagged, ...tagging } },
  UntagResource: {
    input: { resourceArn, tagKeys: ['Pier'] },
    ...{ on, keys: { ...tagged, 'aws:TagKeys': ['Pier'] } },
  },
};

const ofRequest = ['aws:RequestTag', 'aws:TagKeys'];
const ofResource = ['aws:ResourceTag'];

authorizationSuite<object>({
  prefix: 'eks',
  sdk,
  client: (settings) => new sdk.EKSClient(settings),
  open: () =>
    openGuarded<object>({
      signingName: 'eks',
      loadSdk: () => import('@aws-sdk/client-eks'),
      operations: (parts) =>
        eksOperations({ ...parts, controlPlaneOf: () => undefined, whyNotAssumed: () => undefined }),
      build: async (_root, { state }) => {
        // Of what a look-up by ARN reads.
        const record = { name, arn: resourceArn, tags: { team: 'blue' } } as unknown as ClusterRecord;
        await state.transact((tx) => tx.put(clusters, clusterKey({ accountId, region }, name), record));
        return {};
      },
    }),
  casesIn: () => cases,
  listedKeys: {
    CreateCluster: [
      ...ofRequest,
      ...['eks:authenticationMode', 'eks:blockStorageEnabled', 'eks:bootstrapClusterCreatorAdminPermissions'],
      ...['eks:bootstrapSelfManagedAddons', 'eks:computeConfigEnabled', 'eks:elasticLoadBalancingEnabled'],
      'eks:supportType',
    ],
    DeleteCluster: ofResource,
    DescribeCluster: ofResource,
    ListClusters: [],
    ListTagsForResource: ofResource,
    TagResource: [...ofResource, ...ofRequest],
    UntagResource: [...ofResource, 'aws:TagKeys'],
  },
  denied: { name: 'AccessDeniedException', status: 403 },
});
