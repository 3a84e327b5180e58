import { refusedBecause } from './refused-because.ts';

const networkAcls = refusedBecause('a VPC has its default network ACL alone, which allows everything', [
  'CreateNetworkAcl',
  'CreateNetworkAclEntry',
  'DeleteNetworkAcl',
  'DeleteNetworkAclEntry',
  'ReplaceNetworkAclAssociation',
  'ReplaceNetworkAclEntry',
]);

const endpoints = refusedBecause('there are no VPC endpoints', [
  'AcceptVpcEndpointConnections',
  'CreateVpcEndpoint',
  'CreateVpcEndpointConnectionNotification',
  'CreateVpcEndpointServiceConfiguration',
  'DeleteVpcEndpointConnectionNotifications',
  'DeleteVpcEndpointServiceConfigurations',
  'DeleteVpcEndpoints',
  'DescribeVpcEndpointAssociations',
  'DescribeVpcEndpointConnectionNotifications',
  'DescribeVpcEndpointConnections',
  'DescribeVpcEndpointServiceConfigurations',
  'DescribeVpcEndpointServicePermissions',
  'DescribeVpcEndpointServices',
  'DescribeVpcEndpoints',
  'ModifyVpcEndpoint',
  'ModifyVpcEndpointConnectionNotification',
  'ModifyVpcEndpointPayerResponsibility',
  'ModifyVpcEndpointServiceConfiguration',
  'ModifyVpcEndpointServicePayerResponsibility',
  'ModifyVpcEndpointServicePermissions',
  'RejectVpcEndpointConnections',
  'StartVpcEndpointServicePrivateDnsVerification',
]);

const peering = refusedBecause('VPCs are not peered', [
  'AcceptVpcPeeringConnection',
  'CreateVpcPeeringConnection',
  'DeleteVpcPeeringConnection',
  'DescribeVpcPeeringConnections',
  'ModifyVpcPeeringConnectionOptions',
  'RejectVpcPeeringConnection',
]);

const blockPublicAccess = refusedBecause('public access is not blocked for whole regions', [
  'CreateVpcBlockPublicAccessExclusion',
  'DeleteVpcBlockPublicAccessExclusion',
  'DescribeVpcBlockPublicAccessExclusions',
  'DescribeVpcBlockPublicAccessOptions',
  'ModifyVpcBlockPublicAccessExclusion',
  'ModifyVpcBlockPublicAccessOptions',
]);

const encryptionControls = refusedBecause('traffic within a VPC is not encrypted', [
  'CreateVpcEncryptionControl',
  'DeleteVpcEncryptionControl',
  'DescribeAccountVpcEncryptionControl',
  'DescribeVpcEncryptionControls',
  'GetVpcResourcesBlockingEncryptionEnforcement',
  'ModifyAccountVpcEncryptionControl',
  'ModifyVpcEncryptionControl',
]);

const subnetReservations = refusedBecause('addresses of a subnet are not reserved', [
  'CreateSubnetCidrReservation',
  'DeleteSubnetCidrReservation',
  'GetSubnetCidrReservations',
]);

const flowLogs = refusedBecause('there are no flow logs', [
  'CreateFlowLogs',
  'DeleteFlowLogs',
  'DescribeFlowLogs',
  'GetFlowLogsIntegrationTemplate',
]);

const insights = refusedBecause('reachability is not analysed', [
  'CreateNetworkInsightsAccessScope',
  'CreateNetworkInsightsPath',
  'DeleteNetworkInsightsAccessScope',
  'DeleteNetworkInsightsAccessScopeAnalysis',
  'DeleteNetworkInsightsAnalysis',
  'DeleteNetworkInsightsPath',
  'DescribeAwsNetworkPerformanceMetricSubscriptions',
  'DescribeNetworkInsightsAccessScopeAnalyses',
  'DescribeNetworkInsightsAccessScopes',
  'DescribeNetworkInsightsAnalyses',
  'DescribeNetworkInsightsPaths',
  'DisableAwsNetworkPerformanceMetricSubscription',
  'EnableAwsNetworkPerformanceMetricSubscription',
  'EnableReachabilityAnalyzerOrganizationSharing',
  'GetAwsNetworkPerformanceData',
  'GetNetworkInsightsAccessScopeAnalysisFindings',
  'GetNetworkInsightsAccessScopeContent',
  'ModifyInstanceNetworkPerformanceOptions',
  'StartNetworkInsightsAccessScopeAnalysis',
  'StartNetworkInsightsAnalysis',
]);

const trafficMirroring = refusedBecause('traffic is not mirrored', [
  'CreateTrafficMirrorFilter',
  'CreateTrafficMirrorFilterRule',
  'CreateTrafficMirrorSession',
  'CreateTrafficMirrorTarget',
  'DeleteTrafficMirrorFilter',
  'DeleteTrafficMirrorFilterRule',
  'DeleteTrafficMirrorSession',
  'DeleteTrafficMirrorTarget',
  'DescribeTrafficMirrorFilterRules',
  'DescribeTrafficMirrorFilters',
  'DescribeTrafficMirrorSessions',
  'DescribeTrafficMirrorTargets',
  'ModifyTrafficMirrorFilterNetworkServices',
  'ModifyTrafficMirrorFilterRule',
  'ModifyTrafficMirrorSession',
]);

const verifiedAccess = refusedBecause('there is no Verified Access', [
  'AttachVerifiedAccessTrustProvider',
  'CreateVerifiedAccessEndpoint',
  'CreateVerifiedAccessGroup',
  'CreateVerifiedAccessInstance',
  'CreateVerifiedAccessTrustProvider',
  'DeleteVerifiedAccessEndpoint',
  'DeleteVerifiedAccessGroup',
  'DeleteVerifiedAccessInstance',
  'DeleteVerifiedAccessTrustProvider',
  'DescribeVerifiedAccessEndpoints',
  'DescribeVerifiedAccessGroups',
  'DescribeVerifiedAccessInstanceLoggingConfigurations',
  'DescribeVerifiedAccessInstances',
  'DescribeVerifiedAccessTrustProviders',
  'DetachVerifiedAccessTrustProvider',
  'ExportVerifiedAccessInstanceClientConfiguration',
  'GetVerifiedAccessEndpointPolicy',
  'GetVerifiedAccessEndpointTargets',
  'GetVerifiedAccessGroupPolicy',
  'ModifyVerifiedAccessEndpoint',
  'ModifyVerifiedAccessEndpointPolicy',
  'ModifyVerifiedAccessGroup',
  'ModifyVerifiedAccessGroupPolicy',
  'ModifyVerifiedAccessInstance',
  'ModifyVerifiedAccessInstanceLoggingConfiguration',
  'ModifyVerifiedAccessTrustProvider',
]);

const networkCosts = refusedBecause('network costs are not allocated', [
  'AssociateNetworkingFlexCostAllocationPolicy',
  'CreateNetworkingFlexCostAllocationPolicy',
  'DeleteNetworkingFlexCostAllocationPolicies',
  'DescribeNetworkingFlexCostAllocationPolicies',
  'DescribeNetworkingFlexCostAllocationPolicyAssociations',
  'DisassociateNetworkingFlexCostAllocationPolicy',
  'GetNetworkingFlexCostAllocationPolicyVersions',
  'ModifyNetworkingFlexCostAllocationPolicy',
]);

const tenancy = refusedBecause('there is nothing dedicated to one account', ['ModifyVpcTenancy']);

export const refusedVpcs = {
  ...networkAcls,
  ...endpoints,
  ...peering,
  ...blockPublicAccess,
  ...encryptionControls,
  ...subnetReservations,
  ...flowLogs,
  ...insights,
  ...trafficMirroring,
  ...verifiedAccess,
  ...networkCosts,
  ...tenancy,
};
