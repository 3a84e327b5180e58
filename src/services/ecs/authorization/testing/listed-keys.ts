/**
 * The condition keys that AWS lists for each action (Service Authorization Reference, "Actions defined by Amazon
 * Elastic Container Service"), sorted; tag keys without their `/${TagKey}`.
 */
const resourceTags = ['aws:ResourceTag', 'ecs:ResourceTag'];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const inCluster = [...resourceTags, 'ecs:cluster'];
const ofService = [...inCluster, 'ecs:service'];
const launched = ['ecs:enable-ebs-volumes', 'ecs:enable-execute-command'];
const service = [
  ...inCluster,
  ...launched,
  'ecs:auto-assign-public-ip',
  'ecs:capacity-provider',
  'ecs:enable-ecs-managed-tags',
  'ecs:enable-service-connect',
  'ecs:enable-vpc-lattice',
  'ecs:namespace',
  'ecs:propagate-tags',
  'ecs:subnet',
  'ecs:task-cpu',
  'ecs:task-definition',
  'ecs:task-memory',
];
const provider = [...resourceTags, 'ecs:instance-metadata-tags-propagation', 'ecs:propagate-tags'];

export const listedKeys: Readonly<Record<string, readonly string[]>> = {
  ContinueServiceDeployment: ofService,
  CreateCapacityProvider: [...provider, ...requestTags],
  CreateCluster: [
    ...resourceTags,
    ...requestTags,
    'ecs:capacity-provider',
    'ecs:fargate-ephemeral-storage-kms-key',
  ],
  CreateService: [...service, ...requestTags],
  CreateTaskSet: [...ofService, ...requestTags, 'ecs:capacity-provider', 'ecs:task-definition'],
  DeleteAccountSetting: ['ecs:account-setting'],
  DeleteAttributes: inCluster,
  DeleteCapacityProvider: resourceTags,
  DeleteCluster: resourceTags,
  DeleteService: inCluster,
  DeleteTaskDefinitions: resourceTags,
  DeleteTaskSet: ofService,
  DeregisterContainerInstance: resourceTags,
  DeregisterTaskDefinition: [],
  DescribeCapacityProviders: resourceTags,
  DescribeClusters: resourceTags,
  DescribeContainerInstances: inCluster,
  DescribeServiceDeployments: ofService,
  DescribeServiceRevisions: ofService,
  DescribeServices: inCluster,
  DescribeTaskDefinition: [],
  DescribeTaskSets: ofService,
  DescribeTasks: inCluster,
  DiscoverPollEndpoint: [],
  ExecuteCommand: [...inCluster, 'ecs:container-name', 'ecs:task'],
  GetTaskProtection: inCluster,
  ListAccountSettings: [],
  ListAttributes: resourceTags,
  ListClusters: [],
  ListContainerInstances: resourceTags,
  ListServiceDeployments: inCluster,
  ListServices: ['ecs:cluster'],
  ListServicesByNamespace: ['ecs:namespace'],
  ListTagsForResource: resourceTags,
  ListTaskDefinitionFamilies: [],
  ListTaskDefinitions: [],
  ListTasks: inCluster,
  PutAccountSetting: ['ecs:account-setting'],
  PutAccountSettingDefault: ['ecs:account-setting'],
  PutAttributes: inCluster,
  PutClusterCapacityProviders: [...resourceTags, 'ecs:capacity-provider'],
  RegisterContainerInstance: [...resourceTags, ...requestTags],
  RegisterTaskDefinition: [
    ...resourceTags,
    ...requestTags,
    'ecs:compute-compatibility',
    'ecs:privileged',
    'ecs:task-cpu',
    'ecs:task-memory',
  ],
  RunTask: [...inCluster, ...requestTags, ...launched, 'ecs:capacity-provider'],
  StartTask: [...inCluster, ...requestTags, ...launched, 'ecs:container-instances'],
  StopServiceDeployment: ofService,
  StopTask: inCluster,
  SubmitAttachmentStateChanges: resourceTags,
  SubmitContainerStateChange: resourceTags,
  SubmitTaskStateChange: resourceTags,
  TagResource: [...resourceTags, ...requestTags],
  UntagResource: [...resourceTags, 'aws:TagKeys'],
  UpdateCapacityProvider: provider,
  UpdateCluster: [...resourceTags, 'ecs:fargate-ephemeral-storage-kms-key'],
  UpdateClusterSettings: resourceTags,
  UpdateContainerAgent: inCluster,
  UpdateContainerInstancesState: inCluster,
  UpdateService: service,
  UpdateServicePrimaryTaskSet: inCluster,
  UpdateTaskProtection: inCluster,
  UpdateTaskSet: ofService,
};

/** What is made anew, under an id that nobody knows yet, has no tags. */
export const without: Readonly<Record<string, readonly string[]>> = {
  CreateCapacityProvider: resourceTags,
  CreateTaskSet: resourceTags,
  RegisterTaskDefinition: resourceTags,
};
