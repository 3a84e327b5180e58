import type { ECS } from '@aws-sdk/client-ecs';
import type { Call, OperationsOf, RefusedOperation, SupportedOperation } from '../service.ts';
import type { EcsContext } from './context.ts';
import {
  deleteAccountSetting,
  listAccountSettings,
  putAccountSetting,
  putAccountSettingDefault,
} from './operations/account-setting.ts';
import {
  discoverPollEndpoint,
  submitAttachmentStateChanges,
  submitContainerStateChange,
  submitTaskStateChange,
} from './operations/agent.ts';
import { deleteAttributes, listAttributes, putAttributes } from './operations/attribute.ts';
import {
  createCapacityProvider,
  deleteCapacityProvider,
  describeCapacityProviders,
  updateCapacityProvider,
} from './operations/capacity-provider.ts';
import {
  createCluster,
  deleteCluster,
  describeClusters,
  listClusters,
  updateCluster,
  updateClusterSettings,
} from './operations/cluster.ts';
import { putClusterCapacityProviders } from './operations/cluster-capacity-providers.ts';
import {
  deregisterContainerInstance,
  describeContainerInstances,
  listContainerInstances,
  registerContainerInstance,
  updateContainerAgent,
  updateContainerInstancesState,
} from './operations/container-instance.ts';
import { executeCommand } from './operations/execute-command.ts';
import { runTask } from './operations/run-task.ts';
import {
  createService,
  deleteService,
  describeServices,
  listServices,
  updateService,
} from './operations/service.ts';
import {
  continueServiceDeployment,
  describeServiceDeployments,
  listServiceDeployments,
  stopServiceDeployment,
} from './operations/service-deployment.ts';
import { describeServiceRevisions } from './operations/service-revision.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tag.ts';
import { describeTasks, listTasks, startTask, stopTask } from './operations/task.ts';
import {
  deleteTaskDefinitions,
  deregisterTaskDefinition,
  describeTaskDefinition,
  listTaskDefinitionFamilies,
  listTaskDefinitions,
  registerTaskDefinition,
} from './operations/task-definition.ts';
import { getTaskProtection, updateTaskProtection } from './operations/task-protection.ts';
import {
  createTaskSet,
  deleteTaskSet,
  describeTaskSets,
  updateServicePrimaryTaskSet,
  updateTaskSet,
} from './operations/task-set.ts';
import {
  anyResource,
  arnResources,
  capacityProviderResources,
  clusterResource,
  clusterResources,
  containerInstanceResources,
  familyResource,
  launchedResource,
  serviceResources,
  taggedResource,
  targetResources,
  taskDefinitionResources,
  taskResources,
  taskSetResources,
} from './resources.ts';

/**
 * Every operation of ECS: what it is authorised as, on what (Service Authorization Reference, Amazon ECS), and
 * the function that does it; or the words it is refused with.
 */
export function ecsOperations(ecs: EcsContext): OperationsOf<ECS> {
  const launched = (input: { taskDefinition: string | undefined }, call: Call) =>
    launchedResource(ecs.state, input, call);
  return {
    AssociateGatewayWithCluster: notYet('AssociateGatewayWithCluster', 'gateways'),
    ContinueServiceDeployment: supported(
      ecs,
      'ContinueServiceDeployment',
      ({ serviceDeploymentArn }) => arnResources([serviceDeploymentArn]),
      continueServiceDeployment,
    ),
    CreateCapacityProvider: supported(
      ecs,
      'CreateCapacityProvider',
      (input, call) => capacityProviderResources([input.name], call),
      createCapacityProvider,
    ),
    CreateCluster: supported(ecs, 'CreateCluster', anyResource, createCluster),
    CreateDaemon: notYet('CreateDaemon', 'Managed Instances'),
    CreateExpressGatewayService: notYet('CreateExpressGatewayService', 'Express services'),
    CreateGateway: notYet('CreateGateway', 'gateways'),
    CreateService: supported(
      ecs,
      'CreateService',
      (input, call) => serviceResources(input.cluster, [input.serviceName], call),
      createService,
    ),
    CreateTaskSet: supported(
      ecs,
      'CreateTaskSet',
      (input, call) => serviceResources(input.cluster, [input.service], call),
      createTaskSet,
    ),
    DeleteAccountSetting: supported(ecs, 'DeleteAccountSetting', anyResource, deleteAccountSetting),
    DeleteAttributes: supported(ecs, 'DeleteAttributes', targetResources, deleteAttributes),
    DeleteCapacityProvider: supported(
      ecs,
      'DeleteCapacityProvider',
      (input, call) => capacityProviderResources([input.capacityProvider], call),
      deleteCapacityProvider,
    ),
    DeleteCluster: supported(ecs, 'DeleteCluster', clusterResource, deleteCluster),
    DeleteDaemon: notYet('DeleteDaemon', 'Managed Instances'),
    DeleteDaemonTaskDefinition: notYet('DeleteDaemonTaskDefinition', 'Managed Instances'),
    DeleteExpressGatewayService: notYet('DeleteExpressGatewayService', 'Express services'),
    DeleteGateway: notYet('DeleteGateway', 'gateways'),
    DeleteService: supported(
      ecs,
      'DeleteService',
      (input, call) => serviceResources(input.cluster, [input.service], call),
      deleteService,
    ),
    DeleteTaskDefinitions: supported(
      ecs,
      'DeleteTaskDefinitions',
      taskDefinitionResources,
      deleteTaskDefinitions,
    ),
    DeleteTaskSet: supported(
      ecs,
      'DeleteTaskSet',
      (input, call) => taskSetResources(input, [input.taskSet], call),
      deleteTaskSet,
    ),
    DeregisterContainerInstance: supported(
      ecs,
      'DeregisterContainerInstance',
      clusterResource,
      deregisterContainerInstance,
    ),
    DeregisterTaskDefinition: supported(
      ecs,
      'DeregisterTaskDefinition',
      anyResource,
      deregisterTaskDefinition,
    ),
    DescribeCapacityProviders: supported(
      ecs,
      'DescribeCapacityProviders',
      (input, call) => capacityProviderResources(input.capacityProviders, call),
      describeCapacityProviders,
    ),
    DescribeClusters: supported(
      ecs,
      'DescribeClusters',
      (input, call) => clusterResources(input.clusters, call),
      describeClusters,
    ),
    DescribeContainerInstances: supported(
      ecs,
      'DescribeContainerInstances',
      (input, call) => containerInstanceResources(input.cluster, input.containerInstances, call),
      describeContainerInstances,
    ),
    DescribeDaemon: notYet('DescribeDaemon', 'Managed Instances'),
    DescribeDaemonDeployments: notYet('DescribeDaemonDeployments', 'Managed Instances'),
    DescribeDaemonRevisions: notYet('DescribeDaemonRevisions', 'Managed Instances'),
    DescribeDaemonTaskDefinition: notYet('DescribeDaemonTaskDefinition', 'Managed Instances'),
    DescribeExpressGatewayService: notYet('DescribeExpressGatewayService', 'Express services'),
    DescribeGateway: notYet('DescribeGateway', 'gateways'),
    DescribeGatewayResources: notYet('DescribeGatewayResources', 'gateways'),
    DescribeGatewayRoute: notYet('DescribeGatewayRoute', 'gateways'),
    DescribeServiceDeployments: supported(
      ecs,
      'DescribeServiceDeployments',
      ({ serviceDeploymentArns }) => arnResources(serviceDeploymentArns),
      describeServiceDeployments,
    ),
    DescribeServiceRevisions: supported(
      ecs,
      'DescribeServiceRevisions',
      ({ serviceRevisionArns }) => arnResources(serviceRevisionArns),
      describeServiceRevisions,
    ),
    DescribeServices: supported(
      ecs,
      'DescribeServices',
      (input, call) => serviceResources(input.cluster, input.services, call),
      describeServices,
    ),
    DescribeTaskDefinition: supported(ecs, 'DescribeTaskDefinition', anyResource, describeTaskDefinition),
    DescribeTasks: supported(
      ecs,
      'DescribeTasks',
      (input, call) => taskResources(input.cluster, input.tasks, call),
      describeTasks,
    ),
    DescribeTaskSets: supported(
      ecs,
      'DescribeTaskSets',
      (input, call) => taskSetResources(input, input.taskSets, call),
      describeTaskSets,
    ),
    DisassociateGatewayFromCluster: notYet('DisassociateGatewayFromCluster', 'gateways'),
    DiscoverPollEndpoint: supported(ecs, 'DiscoverPollEndpoint', anyResource, discoverPollEndpoint),
    ExecuteCommand: supported(
      ecs,
      'ExecuteCommand',
      (input, call) => taskResources(input.cluster, [input.task], call),
      executeCommand,
    ),
    GetTaskProtection: supported(
      ecs,
      'GetTaskProtection',
      (input, call) => taskResources(input.cluster, input.tasks, call),
      getTaskProtection,
    ),
    ListAccountSettings: supported(ecs, 'ListAccountSettings', anyResource, listAccountSettings),
    ListAttributes: supported(ecs, 'ListAttributes', clusterResource, listAttributes),
    ListClusters: supported(ecs, 'ListClusters', anyResource, listClusters),
    ListContainerInstances: supported(ecs, 'ListContainerInstances', clusterResource, listContainerInstances),
    ListDaemonDeployments: notYet('ListDaemonDeployments', 'Managed Instances'),
    ListDaemons: notYet('ListDaemons', 'Managed Instances'),
    ListDaemonTaskDefinitions: notYet('ListDaemonTaskDefinitions', 'Managed Instances'),
    ListGatewayClusterAssociations: notYet('ListGatewayClusterAssociations', 'gateways'),
    ListGatewayRoutes: notYet('ListGatewayRoutes', 'gateways'),
    ListGateways: notYet('ListGateways', 'gateways'),
    ListServiceDeployments: supported(
      ecs,
      'ListServiceDeployments',
      (input, call) => serviceResources(input.cluster, [input.service], call),
      listServiceDeployments,
    ),
    ListServices: supported(ecs, 'ListServices', anyResource, listServices),
    ListServicesByNamespace: notYet('ListServicesByNamespace', 'Service Connect'),
    ListTagsForResource: supported(ecs, 'ListTagsForResource', taggedResource, listTagsForResource),
    ListTaskDefinitionFamilies: supported(
      ecs,
      'ListTaskDefinitionFamilies',
      anyResource,
      listTaskDefinitionFamilies,
    ),
    ListTaskDefinitions: supported(ecs, 'ListTaskDefinitions', anyResource, listTaskDefinitions),
    ListTasks: supported(
      ecs,
      'ListTasks',
      (input, call) => containerInstanceResources(input.cluster, [input.containerInstance ?? '*'], call),
      listTasks,
    ),
    PutAccountSetting: supported(ecs, 'PutAccountSetting', anyResource, putAccountSetting),
    PutAccountSettingDefault: supported(
      ecs,
      'PutAccountSettingDefault',
      anyResource,
      putAccountSettingDefault,
    ),
    PutAttributes: supported(ecs, 'PutAttributes', targetResources, putAttributes),
    PutClusterCapacityProviders: supported(
      ecs,
      'PutClusterCapacityProviders',
      clusterResource,
      putClusterCapacityProviders,
    ),
    RegisterContainerInstance: supported(
      ecs,
      'RegisterContainerInstance',
      clusterResource,
      registerContainerInstance,
    ),
    RegisterDaemonTaskDefinition: notYet('RegisterDaemonTaskDefinition', 'Managed Instances'),
    RegisterTaskDefinition: supported(ecs, 'RegisterTaskDefinition', familyResource, registerTaskDefinition),
    RunTask: supported(ecs, 'RunTask', launched, runTask),
    StartTask: supported(ecs, 'StartTask', launched, startTask),
    StopServiceDeployment: supported(
      ecs,
      'StopServiceDeployment',
      ({ serviceDeploymentArn }) => arnResources([serviceDeploymentArn]),
      stopServiceDeployment,
    ),
    StopTask: supported(
      ecs,
      'StopTask',
      (input, call) => taskResources(input.cluster, [input.task], call),
      stopTask,
    ),
    SubmitAttachmentStateChanges: supported(
      ecs,
      'SubmitAttachmentStateChanges',
      clusterResource,
      submitAttachmentStateChanges,
    ),
    SubmitContainerStateChange: supported(
      ecs,
      'SubmitContainerStateChange',
      clusterResource,
      submitContainerStateChange,
    ),
    SubmitTaskStateChange: supported(ecs, 'SubmitTaskStateChange', clusterResource, submitTaskStateChange),
    TagResource: supported(ecs, 'TagResource', taggedResource, tagResource),
    UntagResource: supported(ecs, 'UntagResource', taggedResource, untagResource),
    UpdateCapacityProvider: supported(
      ecs,
      'UpdateCapacityProvider',
      (input, call) => capacityProviderResources([input.name], call),
      updateCapacityProvider,
    ),
    UpdateCluster: supported(ecs, 'UpdateCluster', clusterResource, updateCluster),
    UpdateClusterSettings: supported(ecs, 'UpdateClusterSettings', clusterResource, updateClusterSettings),
    UpdateContainerAgent: supported(
      ecs,
      'UpdateContainerAgent',
      (input, call) => containerInstanceResources(input.cluster, [input.containerInstance], call),
      updateContainerAgent,
    ),
    UpdateContainerInstancesState: supported(
      ecs,
      'UpdateContainerInstancesState',
      (input, call) => containerInstanceResources(input.cluster, input.containerInstances, call),
      updateContainerInstancesState,
    ),
    UpdateDaemon: notYet('UpdateDaemon', 'Managed Instances'),
    UpdateExpressGatewayService: notYet('UpdateExpressGatewayService', 'Express services'),
    UpdateGateway: notYet('UpdateGateway', 'gateways'),
    UpdateService: supported(
      ecs,
      'UpdateService',
      (input, call) => serviceResources(input.cluster, [input.service], call),
      updateService,
    ),
    UpdateServicePrimaryTaskSet: supported(
      ecs,
      'UpdateServicePrimaryTaskSet',
      (input, call) => serviceResources(input.cluster, [input.service], call),
      updateServicePrimaryTaskSet,
    ),
    UpdateTaskProtection: supported(
      ecs,
      'UpdateTaskProtection',
      (input, call) => taskResources(input.cluster, input.tasks, call),
      updateTaskProtection,
    ),
    UpdateTaskSet: supported(
      ecs,
      'UpdateTaskSet',
      (input, call) => taskSetResources(input, [input.taskSet], call),
      updateTaskSet,
    ),
  };
}

function supported<Input, Output>(
  ecs: EcsContext,
  operation: string,
  resources: (input: Input, call: Call) => readonly string[],
  run: (ecs: EcsContext, input: Input, call: Call) => Output | Promise<Output>,
): SupportedOperation<Input, Output> {
  return { action: `ecs:${operation}`, resources, run: (input, call) => run(ecs, input, call) };
}

function notYet(operation: string, withWhat: string): RefusedOperation {
  return {
    refused: `${operation} is not supported by this version of Catamaran yet: it comes with ${withWhat}.`,
  };
}
