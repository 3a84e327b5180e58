import * as sdk from '@aws-sdk/client-eks';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region, role, user } from '../testing/guarded.ts';
import { accessEntries, accessEntryKey } from './access-entries/record.ts';
import { addonKey, addons } from './addons/record.ts';
import { fargateProfileKey, fargateProfiles } from './fargate/record.ts';
import { identityProviderKey, identityProviders } from './identity-providers/record.ts';
import { type NodegroupRecord, nodegroupKey, nodegroups } from './nodegroups/record.ts';
import { eksOperations } from './operations.ts';
import { podIdentities, podIdentityKey } from './pod-identity/record.ts';
import { type ClusterRecord, clusterKey, clusters } from './records.ts';
import { absentCases, absentListedKeys, absentWithout } from './testing/absent-cases.ts';

const arn = (name: string) => `arn:aws:eks:${region}:${accountId}:cluster/${name}`;
const name = 'harbor';
const resourceArn = arn(name);
const tags = { Pier: 'nine' };
const tagged = { 'aws:ResourceTag/team': 'blue' };
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const on = [resourceArn];
const inCluster = { clusterName: name };

const entryId = '0d5f5a3e-0000-4000-8000-000000000001';
const entry = { ...inCluster, principalArn: user };
const onEntry = [`arn:aws:eks:${region}:${accountId}:access-entry/harbor/user/${accountId}/ada/${entryId}`];
const ofEntry = {
  ...tagged,
  ...{ 'eks:accessEntryType': 'STANDARD', 'eks:clusterName': name, 'eks:principalArn': user },
  ...{ 'eks:username': 'ada', 'eks:kubernetesGroups': ['blue'] },
};
const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
const accessScope = { type: 'namespace', namespaces: ['default'] } as const;
const ofPolicy = {
  ...ofEntry,
  ...{ 'eks:policyArn': policyArn, 'eks:accessScope': 'namespace', 'eks:namespaces': ['default'] },
};

const keyArn = `arn:aws:kms:${region}:${accountId}:key/0d5f5a3e-0000-4000-8000-000000000002`;
const controlPlaneEgressMode = 'CUSTOMER_ROUTED';
const tier = 'tier-xl';
const logging = { clusterLogging: [{ types: ['audit'], enabled: true }] };
const components = { kubeApiServerConfig: {}, kubeSchedulerConfig: {}, kubeControllerManagerConfig: {} };
const ofComponents = {
  ...{ 'eks:kubeApiServerConfig': 'true', 'eks:kubeSchedulerConfig': 'true' },
  ...{ 'eks:kubeControllerManagerConfig': 'true', 'eks:loggingType/audit': 'true' },
  ...{ 'eks:controlPlaneEgressMode': controlPlaneEgressMode, 'eks:controlPlaneScalingTier': tier },
  'eks:zonalShiftEnabled': 'true',
};

const provider = { ...inCluster, identityProviderConfig: { type: 'oidc', name: 'corp' } };
const onProvider = [`arn:aws:eks:${region}:${accountId}:identityproviderconfig/harbor/oidc/corp/${entryId}`];
const authority = { ...inCluster, certificateAuthorityId: 'ca-1' };
const associationId = 'a-0123456789abcdefg';
const association = { ...inCluster, associationId };
const onAssociation = [`arn:aws:eks:${region}:${accountId}:podidentityassociation/harbor/${associationId}`];
const passing = {
  ...{ action: 'iam:PassRole', on: role('pods') },
  keys: { 'iam:PassedToService': 'pods.eks.amazonaws.com' },
};

const nodegroup = { ...inCluster, nodegroupName: 'blue' };
const onNodegroup = [`arn:aws:eks:${region}:${accountId}:nodegroup/harbor/blue/${entryId}`];
const ofNodegroup: Case = { input: nodegroup, on: onNodegroup, keys: tagged };

const addon = { ...inCluster, addonName: 'vpc-cni' };
const onAddon = [`arn:aws:eks:${region}:${accountId}:addon/harbor/vpc-cni/${entryId}`];
const ofAddon: Case = { input: addon, on: onAddon, keys: tagged };
const podIdentityAssociations = [{ serviceAccount: 'aws-node', roleArn: role('pods') }];
const profile = { ...inCluster, fargateProfileName: 'cold' };
const onProfile = [`arn:aws:eks:${region}:${accountId}:fargateprofile/harbor/cold/${entryId}`];
const ofProfile: Case = { input: profile, on: onProfile, keys: tagged };

const cases: Readonly<Record<string, Case>> = {
  CreateAddon: {
    input: { ...inCluster, addonName: 'coredns', podIdentityAssociations, tags },
    ...{ on, keys: { ...tagged, ...tagging }, besides: [passing] },
  },
  DeleteAddon: ofAddon,
  DescribeAddon: ofAddon,
  DescribeAddonConfiguration: { input: { addonName: 'coredns', addonVersion: 'v1' }, on: ['*'] },
  DescribeAddonVersions: { input: {}, on: ['*'] },
  ListAddons: { input: inCluster, on, keys: tagged },
  DescribeInsight: { input: { ...inCluster, id: 'x' }, on, keys: tagged },
  DescribeInsightsRefresh: { input: inCluster, on, keys: tagged },
  ListInsights: { input: inCluster, on, keys: tagged },
  StartInsightsRefresh: { input: inCluster, on, keys: tagged },
  UpdateAddon: {
    input: { ...addon, podIdentityAssociations },
    ...{ on: onAddon, keys: tagged, besides: [passing] },
  },
  CreateNodegroup: {
    input: { ...inCluster, nodegroupName: 'red', nodeRole: role('node'), subnets: ['subnet-1'], tags },
    ...{ on, keys: { ...tagged, ...tagging } },
    besides: [
      {
        ...{ action: 'iam:PassRole', on: role('node') },
        keys: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
    ],
  },
  DeleteNodegroup: ofNodegroup,
  DescribeNodegroup: ofNodegroup,
  ListNodegroups: { input: inCluster, on, keys: tagged },
  UpdateNodegroupConfig: ofNodegroup,
  UpdateNodegroupVersion: ofNodegroup,
  CreateFargateProfile: {
    input: { ...inCluster, fargateProfileName: 'warm', podExecutionRoleArn: role('fargate'), tags },
    ...{ on, keys: { ...tagged, ...tagging } },
    besides: [
      {
        ...{ action: 'iam:PassRole', on: role('fargate') },
        keys: { 'iam:PassedToService': 'eks-fargate-pods.amazonaws.com' },
      },
    ],
  },
  DeleteFargateProfile: ofProfile,
  DescribeFargateProfile: ofProfile,
  ListFargateProfiles: { input: inCluster, on, keys: tagged },
  ...absentCases,
  AssociateAccessPolicy: { input: { ...entry, policyArn, accessScope }, on: onEntry, keys: ofPolicy },
  CreateAccessEntry: {
    input: { ...inCluster, principalArn: role('deploy'), username: 'x', kubernetesGroups: ['y'], tags },
    on,
    keys: {
      ...{ ...tagged, ...tagging, 'eks:principalArn': role('deploy'), 'eks:accessEntryType': 'STANDARD' },
      ...{ 'eks:username': 'x', 'eks:kubernetesGroups': ['y'] },
    },
  },
  AssociateEncryptionConfig: {
    input: { ...inCluster, encryptionConfig: [{ resources: ['secrets'], provider: { keyArn } }] },
    on,
    keys: tagged,
  },
  AssociateIdentityProviderConfig: {
    input: {
      ...{ ...inCluster, tags },
      oidc: { identityProviderConfigName: 'other', issuerUrl: 'https://id.example.com', clientId: 'k' },
    },
    on,
    keys: { ...tagged, ...tagging, 'eks:clientId': 'k', 'eks:issuerUrl': 'https://id.example.com' },
  },
  DescribeIdentityProviderConfig: { input: provider, on: onProvider, keys: tagged },
  DisassociateIdentityProviderConfig: { input: provider, on: onProvider, keys: tagged },
  ListIdentityProviderConfigs: { input: inCluster, on, keys: tagged },
  ActivateCertificateAuthority: { input: authority, on, keys: tagged },
  DeleteCertificateAuthority: { input: authority, on, keys: tagged },
  DescribeCertificateAuthority: { input: authority, on, keys: tagged },
  ListCertificateAuthorities: { input: inCluster, on, keys: tagged },
  CancelUpdate: { input: { name, updateId: 'x' }, on, keys: tagged },
  CreateCluster: {
    input: {
      ...{ name: 'lagoon', roleArn: role('eks'), resourcesVpcConfig: { controlPlaneEgressMode }, tags },
      ...{ ...components, logging, controlPlaneScalingConfig: { tier }, zonalShiftConfig: { enabled: true } },
      encryptionConfig: [{ resources: ['secrets'], provider: { keyArn } }],
    },
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
      ...{ 'eks:deletionProtection': 'false', 'eks:kubernetesVersion': '1.36' },
      ...{ 'eks:endpointPrivateAccess': 'false', 'eks:endpointPublicAccess': 'true' },
      ...{ 'eks:encryptionConfigProviderKeyArns': [keyArn], ...ofComponents },
    },
    besides: [
      { action: 'iam:PassRole', on: role('eks'), keys: { 'iam:PassedToService': 'eks.amazonaws.com' } },
    ],
  },
  CreatePodIdentityAssociation: {
    input: { ...inCluster, namespace: 'default', serviceAccount: 'app', roleArn: role('pods'), tags },
    ...{ on, keys: { ...tagged, ...tagging }, besides: [passing] },
  },
  DeletePodIdentityAssociation: { input: association, on: onAssociation, keys: tagged },
  DescribePodIdentityAssociation: { input: association, on: onAssociation, keys: tagged },
  ListPodIdentityAssociations: { input: inCluster, on, keys: tagged },
  UpdatePodIdentityAssociation: {
    input: { ...association, roleArn: role('pods') },
    ...{ on: onAssociation, keys: tagged, besides: [passing] },
  },
  DeleteAccessEntry: { input: entry, on: onEntry, keys: ofEntry },
  DeleteCluster: { input: { name }, on, keys: tagged },
  DescribeAccessEntry: { input: entry, on: onEntry, keys: ofEntry },
  DescribeCluster: { input: { name }, on, keys: tagged },
  DescribeClusterVersions: { input: {}, on: ['*'] },
  DescribeUpdate: { input: { name, updateId: 'x' }, on, keys: tagged },
  DisassociateAccessPolicy: { input: { ...entry, policyArn }, on: onEntry, keys: ofPolicy },
  ListAccessEntries: { input: inCluster, on, keys: tagged },
  ListAccessPolicies: { input: {}, on: ['*'] },
  ListAssociatedAccessPolicies: { input: entry, on: onEntry, keys: ofEntry },
  ListClusters: { input: {}, on: ['*'] },
  ListUpdates: { input: { name }, on, keys: tagged },
  ListTagsForResource: { input: { resourceArn }, on, keys: tagged },
  TagResource: { input: { resourceArn, tags }, on, keys: { ...tagged, ...tagging } },
  UntagResource: {
    input: { resourceArn, tagKeys: ['Pier'] },
    ...{ on, keys: { ...tagged, 'aws:TagKeys': ['Pier'] } },
  },
  UpdateAccessEntry: { input: { ...entry, username: 'x' }, on: onEntry, keys: ofEntry },
  UpdateClusterConfig: {
    input: {
      ...{ name, ...components, logging, controlPlaneScalingConfig: { tier } },
      ...{ zonalShiftConfig: { enabled: true }, deletionProtection: true },
      accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
      ...{ upgradePolicy: { supportType: 'STANDARD' }, computeConfig: { enabled: true } },
      storageConfig: { blockStorage: { enabled: true } },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      resourcesVpcConfig: {
        ...{ controlPlaneEgressMode, endpointPrivateAccess: true, endpointPublicAccess: false },
      },
    },
    on,
    keys: {
      ...{ ...tagged, ...ofComponents, 'eks:authenticationMode': 'API_AND_CONFIG_MAP' },
      ...{ 'eks:supportType': 'STANDARD', 'eks:deletionProtection': 'true' },
      ...{ 'eks:computeConfigEnabled': 'true', 'eks:blockStorageEnabled': 'true' },
      ...{ 'eks:elasticLoadBalancingEnabled': 'true', 'eks:endpointPrivateAccess': 'true' },
      'eks:endpointPublicAccess': 'false',
    },
  },
  UpdateClusterVersion: {
    input: { name, version: '1.36' },
    ...{ on, keys: { ...tagged, 'eks:kubernetesVersion': '1.36' } },
  },
};

const ofRequest = ['aws:RequestTag', 'aws:TagKeys'];
const ofResource = ['aws:ResourceTag'];
const listedOfEntry = [
  ...ofResource,
  ...['eks:accessEntryType', 'eks:clusterName', 'eks:kubernetesGroups', 'eks:principalArn', 'eks:username'],
];
const listedOfConfig = [
  ...['eks:authenticationMode', 'eks:blockStorageEnabled', 'eks:computeConfigEnabled'],
  ...['eks:controlPlaneEgressMode', 'eks:controlPlaneScalingTier', 'eks:deletionProtection'],
  ...['eks:elasticLoadBalancingEnabled', 'eks:endpointPrivateAccess', 'eks:endpointPublicAccess'],
  ...['eks:kubeApiServerConfig', 'eks:kubeControllerManagerConfig', 'eks:kubeSchedulerConfig'],
  ...['eks:loggingType', 'eks:supportType', 'eks:zonalShiftEnabled'],
];
const listedOfPolicy = [...listedOfEntry, 'eks:accessScope', 'eks:namespaces', 'eks:policyArn'];

authorizationSuite<object>({
  prefix: 'eks',
  sdk,
  client: (settings) => new sdk.EKSClient(settings),
  open: () =>
    openGuarded<object>({
      signingName: 'eks',
      loadSdk: () => import('@aws-sdk/client-eks'),
      operations: (parts) =>
        eksOperations({
          ...parts,
          publicCidr: '198.18.0.0/24',
          controlPlaneOf: () => undefined,
          whyNotAssumed: () => undefined,
          machineArchitecture: () => 'x86_64',
          otherMachines: () => [],
          grantDataKey: () => ({ type: 'missing' }),
        }),
      build: async (_root, { state }) => {
        const scope = { accountId, region };
        // Of what a look-up by ARN reads.
        const record = { name, arn: resourceArn, tags: { team: 'blue' } } as unknown as ClusterRecord;
        await state.transact((tx) => {
          tx.put(clusters, clusterKey(scope, name), record);
          tx.put(accessEntries, accessEntryKey(scope, name, user), {
            ...{ ...entry, id: entryId, principalId: 'AIDAEXAMPLE', type: 'STANDARD', username: 'ada' },
            ...{ kubernetesGroups: ['blue'], createdAt: 0, modifiedAt: 0, tags: record.tags },
            policies: [{ name: 'AmazonEKSViewPolicy', scope: accessScope, associatedAt: 0, modifiedAt: 0 }],
          });
          tx.put(identityProviders, identityProviderKey(scope, name), {
            ...{ ...inCluster, id: entryId, name: 'corp', tags: record.tags, requiredClaims: {} },
            ...{ issuerUrl: 'https://id.example.com', clientId: 'k', usernameClaim: 'sub' },
          });
          tx.put(nodegroups, nodegroupKey(scope, name, 'blue'), {
            ...{ id: entryId, name: 'blue', clusterName: name, tags: record.tags },
          } as unknown as NodegroupRecord);
          tx.put(addons, addonKey(scope, name, 'vpc-cni'), {
            ...{ id: entryId, name: 'vpc-cni', clusterName: name, version: 'v1', phase: 'ACTIVE' },
            ...{ createdAt: 0, modifiedAt: 0, tags: record.tags },
          });
          tx.put(fargateProfiles, fargateProfileKey(scope, name, 'cold'), {
            ...{ id: entryId, name: 'cold', clusterName: name, tags: record.tags },
            ...{ selectors: [], podExecutionRole: role('fargate'), podExecutionRoleId: 'AROAEXAMPLE' },
            ...{ subnetIds: [], createdAt: 0 },
          });
          tx.put(podIdentities, podIdentityKey(scope, name, 'default', 'app'), {
            ...{ ...inCluster, id: associationId, namespace: 'default', serviceAccount: 'app' },
            ...{ roleArn: role('pods'), disableSessionTags: false, tags: record.tags },
            ...{ createdAt: 0, modifiedAt: 0 },
          });
        });
        return {};
      },
    }),
  casesIn: () => cases,
  listedKeys: {
    ...absentListedKeys,
    CreateAddon: [...ofResource, ...ofRequest],
    DeleteAddon: ofResource,
    DescribeAddon: ofResource,
    DescribeAddonConfiguration: [],
    DescribeAddonVersions: [],
    ListAddons: ofResource,
    DescribeInsight: ofResource,
    DescribeInsightsRefresh: ofResource,
    ListInsights: ofResource,
    StartInsightsRefresh: ofResource,
    UpdateAddon: ofResource,
    CreateNodegroup: [...ofResource, ...ofRequest],
    DeleteNodegroup: ofResource,
    DescribeNodegroup: ofResource,
    ListNodegroups: ofResource,
    UpdateNodegroupConfig: ofResource,
    UpdateNodegroupVersion: ofResource,
    CreateFargateProfile: [...ofResource, ...ofRequest],
    DeleteFargateProfile: ofResource,
    DescribeFargateProfile: ofResource,
    ListFargateProfiles: ofResource,
    CreatePodIdentityAssociation: [...ofResource, ...ofRequest],
    DeletePodIdentityAssociation: ofResource,
    DescribePodIdentityAssociation: ofResource,
    ListPodIdentityAssociations: ofResource,
    UpdatePodIdentityAssociation: ofResource,
    AssociateAccessPolicy: listedOfPolicy,
    CreateAccessEntry: [
      ...[...ofResource, ...ofRequest, 'eks:accessEntryType', 'eks:kubernetesGroups'],
      ...['eks:principalArn', 'eks:username'],
    ],
    DeleteAccessEntry: listedOfEntry,
    DescribeAccessEntry: listedOfEntry,
    DisassociateAccessPolicy: listedOfPolicy,
    ListAccessEntries: ofResource,
    ListAccessPolicies: [],
    ListAssociatedAccessPolicies: listedOfEntry,
    UpdateAccessEntry: listedOfEntry,
    UpdateClusterConfig: [...ofResource, ...listedOfConfig],
    UpdateClusterVersion: [...ofResource, 'eks:kubernetesVersion'],
    AssociateEncryptionConfig: ofResource,
    AssociateIdentityProviderConfig: [...ofResource, ...ofRequest, 'eks:clientId', 'eks:issuerUrl'],
    DescribeIdentityProviderConfig: ofResource,
    DisassociateIdentityProviderConfig: ofResource,
    ListIdentityProviderConfigs: ofResource,
    ActivateCertificateAuthority: ofResource,
    DeleteCertificateAuthority: ofResource,
    DescribeCertificateAuthority: ofResource,
    ListCertificateAuthorities: ofResource,
    CancelUpdate: ofResource,
    CreateCluster: [
      ...ofRequest,
      ...[...listedOfConfig, 'eks:bootstrapClusterCreatorAdminPermissions', 'eks:kubernetesVersion'],
      ...['eks:bootstrapSelfManagedAddons', 'eks:encryptionConfigProviderKeyArns'],
    ],
    DeleteCluster: ofResource,
    DescribeCluster: ofResource,
    DescribeClusterVersions: [],
    DescribeUpdate: ofResource,
    ListClusters: [],
    ListUpdates: ofResource,
    ListTagsForResource: ofResource,
    TagResource: [...ofResource, ...ofRequest],
    UntagResource: [...ofResource, 'aws:TagKeys'],
  },
  without: absentWithout,
  denied: { name: 'AccessDeniedException', status: 403 },
});
