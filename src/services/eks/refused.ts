import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const authorities = 'a cluster has one certificate authority, and it does not change';
const addons = 'clusters have no add-ons';
const capabilities = 'clusters have no capabilities';
const fargate = 'no pods run on Fargate';
const identityProviders = 'no other identity provider is asked who somebody is';
const insights = 'clusters are not looked into for what an upgrade needs';
const nodegroups = 'no instances join a cluster';
const outside = 'only clusters of Catamaran itself are known';
const podIdentities = 'no pods run whose roles there could be';
const subscriptions = 'there is no EKS Anywhere';

/** What isn't built, by name. */
export const refusedOperations = {
  ActivateCertificateAuthority: refused('ActivateCertificateAuthority', authorities),
  AssociateEncryptionConfig: refused('AssociateEncryptionConfig', 'there are no keys of KMS'),
  AssociateIdentityProviderConfig: refused('AssociateIdentityProviderConfig', identityProviders),
  CreateAddon: refused('CreateAddon', addons),
  CreateCapability: refused('CreateCapability', capabilities),
  CreateCertificateAuthority: refused('CreateCertificateAuthority', authorities),
  CreateEksAnywhereSubscription: refused('CreateEksAnywhereSubscription', subscriptions),
  CreateFargateProfile: refused('CreateFargateProfile', fargate),
  CreateNodegroup: refused('CreateNodegroup', nodegroups),
  CreatePodIdentityAssociation: refused('CreatePodIdentityAssociation', podIdentities),
  DeleteAddon: refused('DeleteAddon', addons),
  DeleteCapability: refused('DeleteCapability', capabilities),
  DeleteCertificateAuthority: refused('DeleteCertificateAuthority', authorities),
  DeleteEksAnywhereSubscription: refused('DeleteEksAnywhereSubscription', subscriptions),
  DeleteFargateProfile: refused('DeleteFargateProfile', fargate),
  DeleteNodegroup: refused('DeleteNodegroup', nodegroups),
  DeletePodIdentityAssociation: refused('DeletePodIdentityAssociation', podIdentities),
  DeregisterCluster: refused('DeregisterCluster', outside),
  DescribeAddon: refused('DescribeAddon', addons),
  DescribeAddonConfiguration: refused('DescribeAddonConfiguration', addons),
  DescribeAddonVersions: refused('DescribeAddonVersions', addons),
  DescribeCapability: refused('DescribeCapability', capabilities),
  DescribeCertificateAuthority: refused('DescribeCertificateAuthority', authorities),
  DescribeEksAnywhereSubscription: refused('DescribeEksAnywhereSubscription', subscriptions),
  DescribeFargateProfile: refused('DescribeFargateProfile', fargate),
  DescribeIdentityProviderConfig: refused('DescribeIdentityProviderConfig', identityProviders),
  DescribeInsight: refused('DescribeInsight', insights),
  DescribeInsightsRefresh: refused('DescribeInsightsRefresh', insights),
  DescribeNodegroup: refused('DescribeNodegroup', nodegroups),
  DescribePodIdentityAssociation: refused('DescribePodIdentityAssociation', podIdentities),
  DisassociateIdentityProviderConfig: refused('DisassociateIdentityProviderConfig', identityProviders),
  ListAddons: refused('ListAddons', addons),
  ListCapabilities: refused('ListCapabilities', capabilities),
  ListCertificateAuthorities: refused('ListCertificateAuthorities', authorities),
  ListEksAnywhereSubscriptions: refused('ListEksAnywhereSubscriptions', subscriptions),
  ListFargateProfiles: refused('ListFargateProfiles', fargate),
  ListIdentityProviderConfigs: refused('ListIdentityProviderConfigs', identityProviders),
  ListInsights: refused('ListInsights', insights),
  ListNodegroups: refused('ListNodegroups', nodegroups),
  ListPodIdentityAssociations: refused('ListPodIdentityAssociations', podIdentities),
  RegisterCluster: refused('RegisterCluster', outside),
  StartInsightsRefresh: refused('StartInsightsRefresh', insights),
  UpdateAddon: refused('UpdateAddon', addons),
  UpdateCapability: refused('UpdateCapability', capabilities),
  UpdateEksAnywhereSubscription: refused('UpdateEksAnywhereSubscription', subscriptions),
  UpdateNodegroupConfig: refused('UpdateNodegroupConfig', nodegroups),
  UpdateNodegroupVersion: refused('UpdateNodegroupVersion', nodegroups),
  UpdatePodIdentityAssociation: refused('UpdatePodIdentityAssociation', podIdentities),
} satisfies Readonly<Record<string, RefusedOperation>>;
