import { refusedBecause } from './refused-because.ts';

const launchTemplates = refusedBecause('there are no launch templates', [
  'CreateLaunchTemplate',
  'CreateLaunchTemplateVersion',
  'DeleteLaunchTemplate',
  'DeleteLaunchTemplateVersions',
  'DescribeLaunchTemplateVersions',
  'DescribeLaunchTemplates',
  'GetLaunchTemplateData',
  'ModifyLaunchTemplate',
]);

const keyPairs = refusedBecause('there are no key pairs', [
  'CreateKeyPair',
  'DeleteKeyPair',
  'DescribeKeyPairs',
  'GetPasswordData',
  'ImportKeyPair',
]);

const placementGroups = refusedBecause('there are no placement groups', [
  'CreatePlacementGroup',
  'DeletePlacementGroup',
  'DescribePlacementGroups',
]);

const instanceConnect = refusedBecause('there are no EC2 Instance Connect Endpoints', [
  'CreateInstanceConnectEndpoint',
  'DeleteInstanceConnectEndpoint',
  'DescribeInstanceConnectEndpoints',
  'ModifyInstanceConnectEndpoint',
]);

const applicationStatus = refusedBecause('there are no application status checks', [
  'AssociateApplicationStatusCheck',
  'CreateApplicationStatusCheck',
  'CreateMetricCategory',
  'DeleteApplicationStatusCheck',
  'DeleteMetricCategory',
  'DescribeApplicationStatus',
  'DescribeApplicationStatusCheckAssociations',
  'DescribeApplicationStatusChecks',
  'DescribeMetricCategories',
  'DisableApplicationStatusCheckSuppression',
  'DisassociateApplicationStatusCheck',
  'EnableApplicationStatusCheckSuppression',
  'ModifyApplicationStatusCheck',
  'ModifyMetricCategory',
]);

const enclaves = refusedBecause('there are no enclaves', [
  'AssociateEnclaveCertificateIamRole',
  'DisassociateEnclaveCertificateIamRole',
  'GetAssociatedEnclaveCertificateIamRoles',
]);

const tasks = refusedBecause('nothing is imported or exported', [
  'CancelConversionTask',
  'CancelExportTask',
  'CancelImportTask',
  'CreateInstanceExportTask',
  'DescribeConversionTasks',
  'DescribeExportTasks',
  'ImportInstance',
]);

const accountSettings = refusedBecause('the account has no such settings', [
  'CancelDeclarativePoliciesReport',
  'DescribeAggregateIdFormat',
  'DescribeDeclarativePoliciesReports',
  'DescribeIdFormat',
  'DescribeIdentityIdFormat',
  'DescribePrincipalIdFormat',
  'DisableSerialConsoleAccess',
  'EnableSerialConsoleAccess',
  'GetDeclarativePoliciesReportSummary',
  'GetDefaultCreditSpecification',
  'GetInstanceMetadataDefaults',
  'GetManagedResourceVisibility',
  'GetSerialConsoleAccessStatus',
  'ModifyDefaultCreditSpecification',
  'ModifyIdFormat',
  'ModifyIdentityIdFormat',
  'ModifyInstanceMetadataDefaults',
  'ModifyManagedResourceVisibility',
  'StartDeclarativePoliciesReport',
]);

const instances = refusedBecause(
  'instances are the machines of the installation, which EC2 neither makes nor changes',
  [
    'AssociateIamInstanceProfile',
    'AssociateInstanceEventWindow',
    'ConfirmProductInstance',
    'CreateInstanceEventWindow',
    'DeleteInstanceEventWindow',
    'DeregisterInstanceEventNotificationAttributes',
    'DescribeIamInstanceProfileAssociations',
    'DescribeInstanceAttribute',
    'DescribeInstanceCreditSpecifications',
    'DescribeInstanceEventNotificationAttributes',
    'DescribeInstanceEventWindows',
    'DescribeInstanceSqlHaHistoryStates',
    'DescribeInstanceSqlHaStates',
    'DescribeInstanceStatus',
    'DescribeInstanceTopology',
    'DisableInstanceSqlHaStandbyDetections',
    'DisassociateIamInstanceProfile',
    'DisassociateInstanceEventWindow',
    'EnableInstanceSqlHaStandbyDetections',
    'GetConsoleOutput',
    'GetConsoleScreenshot',
    'GetInstanceTpmEkPub',
    'GetInstanceTypesFromInstanceRequirements',
    'GetInstanceUefiData',
    'ModifyInstanceAttribute',
    'ModifyInstanceCpuOptions',
    'ModifyInstanceCreditSpecification',
    'ModifyInstanceEventStartTime',
    'ModifyInstanceEventWindow',
    'ModifyInstanceMaintenanceOptions',
    'ModifyInstanceMetadataOptions',
    'ModifyInstancePlacement',
    'ModifyPrivateDnsNameOptions',
    'MonitorInstances',
    'RebootInstances',
    'RegisterInstanceEventNotificationAttributes',
    'ReplaceIamInstanceProfileAssociation',
    'ReportInstanceStatus',
    'ResetInstanceAttribute',
    'RunInstances',
    'SendDiagnosticInterrupt',
    'StartInstances',
    'StopInstances',
    'TerminateInstances',
    'UnmonitorInstances',
  ],
);

export const refusedInstances = {
  ...launchTemplates,
  ...keyPairs,
  ...placementGroups,
  ...instanceConnect,
  ...applicationStatus,
  ...enclaves,
  ...tasks,
  ...accountSettings,
  ...instances,
};
