import type { ECS } from '@aws-sdk/client-ecs';
import { authorizationOf, type InputOf } from '../authorization-row.ts';
import type { Call, OperationsOf, SupportedOperation } from '../service.ts';
import { ecsRows } from './authorization/rows.ts';
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
import {
  createDaemon,
  deleteDaemon,
  describeDaemon,
  listDaemons,
  updateDaemon,
} from './operations/daemon.ts';
import {
  describeDaemonDeployments,
  describeDaemonRevisions,
  listDaemonDeployments,
} from './operations/daemon-history.ts';
import {
  deleteDaemonTaskDefinition,
  describeDaemonTaskDefinition,
  listDaemonTaskDefinitions,
  registerDaemonTaskDefinition,
} from './operations/daemon-task-definition.ts';
import { executeCommand } from './operations/execute-command.ts';
import {
  createExpressGatewayService,
  deleteExpressGatewayService,
  describeExpressGatewayService,
  updateExpressGatewayService,
} from './operations/express-gateway-service.ts';
import {
  createGateway,
  deleteGateway,
  describeGateway,
  describeGatewayResources,
  listGateways,
  updateGateway,
} from './operations/gateway.ts';
import {
  associateGatewayWithCluster,
  disassociateGatewayFromCluster,
  listGatewayClusterAssociations,
} from './operations/gateway-association.ts';
import { describeGatewayRoute, listGatewayRoutes } from './operations/gateway-route.ts';
import { listServicesByNamespace } from './operations/list-services-by-namespace.ts';
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

/** Every operation of ECS: the function that does it, authorised as its row says. */
export function ecsOperations(ecs: EcsContext): OperationsOf<ECS> {
  const rows = ecsRows(ecs.state);
  const supported = <Name extends keyof typeof rows, Output>(
    operation: Name,
    run: (ecs: EcsContext, input: InputOf<ECS, Name>, call: Call) => Output | Promise<Output>,
  ): SupportedOperation<InputOf<ECS, Name>, Output> => ({
    action: `ecs:${operation}`,
    ...authorizationOf(rows[operation]),
    run: (input, call) => run(ecs, input, call),
  });
  return {
    AssociateGatewayWithCluster: supported('AssociateGatewayWithCluster', associateGatewayWithCluster),
    ContinueServiceDeployment: supported('ContinueServiceDeployment', continueServiceDeployment),
    CreateCapacityProvider: supported('CreateCapacityProvider', createCapacityProvider),
    CreateCluster: supported('CreateCluster', createCluster),
    CreateDaemon: supported('CreateDaemon', createDaemon),
    CreateExpressGatewayService: supported('CreateExpressGatewayService', createExpressGatewayService),
    CreateGateway: supported('CreateGateway', createGateway),
    CreateService: supported('CreateService', createService),
    CreateTaskSet: supported('CreateTaskSet', createTaskSet),
    DeleteAccountSetting: supported('DeleteAccountSetting', deleteAccountSetting),
    DeleteAttributes: supported('DeleteAttributes', deleteAttributes),
    DeleteCapacityProvider: supported('DeleteCapacityProvider', deleteCapacityProvider),
    DeleteCluster: supported('DeleteCluster', deleteCluster),
    DeleteDaemon: supported('DeleteDaemon', deleteDaemon),
    DeleteDaemonTaskDefinition: supported('DeleteDaemonTaskDefinition', deleteDaemonTaskDefinition),
    DeleteExpressGatewayService: supported('DeleteExpressGatewayService', deleteExpressGatewayService),
    DeleteGateway: supported('DeleteGateway', deleteGateway),
    DeleteService: supported('DeleteService', deleteService),
    DeleteTaskDefinitions: supported('DeleteTaskDefinitions', deleteTaskDefinitions),
    DeleteTaskSet: supported('DeleteTaskSet', deleteTaskSet),
    DeregisterContainerInstance: supported('DeregisterContainerInstance', deregisterContainerInstance),
    DeregisterTaskDefinition: supported('DeregisterTaskDefinition', deregisterTaskDefinition),
    DescribeCapacityProviders: supported('DescribeCapacityProviders', describeCapacityProviders),
    DescribeClusters: supported('DescribeClusters', describeClusters),
    DescribeContainerInstances: supported('DescribeContainerInstances', describeContainerInstances),
    DescribeDaemon: supported('DescribeDaemon', describeDaemon),
    DescribeDaemonDeployments: supported('DescribeDaemonDeployments', describeDaemonDeployments),
    DescribeDaemonRevisions: supported('DescribeDaemonRevisions', describeDaemonRevisions),
    DescribeDaemonTaskDefinition: supported('DescribeDaemonTaskDefinition', describeDaemonTaskDefinition),
    DescribeExpressGatewayService: supported('DescribeExpressGatewayService', describeExpressGatewayService),
    DescribeGateway: supported('DescribeGateway', describeGateway),
    DescribeGatewayResources: supported('DescribeGatewayResources', describeGatewayResources),
    DescribeGatewayRoute: supported('DescribeGatewayRoute', describeGatewayRoute),
    DescribeServiceDeployments: supported('DescribeServiceDeployments', describeServiceDeployments),
    DescribeServiceRevisions: supported('DescribeServiceRevisions', describeServiceRevisions),
    DescribeServices: supported('DescribeServices', describeServices),
    DescribeTaskDefinition: supported('DescribeTaskDefinition', describeTaskDefinition),
    DescribeTasks: supported('DescribeTasks', describeTasks),
    DescribeTaskSets: supported('DescribeTaskSets', describeTaskSets),
    DisassociateGatewayFromCluster: supported(
      'DisassociateGatewayFromCluster',
      disassociateGatewayFromCluster,
    ),
    DiscoverPollEndpoint: supported('DiscoverPollEndpoint', discoverPollEndpoint),
    ExecuteCommand: supported('ExecuteCommand', executeCommand),
    GetTaskProtection: supported('GetTaskProtection', getTaskProtection),
    ListAccountSettings: supported('ListAccountSettings', listAccountSettings),
    ListAttributes: supported('ListAttributes', listAttributes),
    ListClusters: supported('ListClusters', listClusters),
    ListContainerInstances: supported('ListContainerInstances', listContainerInstances),
    ListDaemonDeployments: supported('ListDaemonDeployments', listDaemonDeployments),
    ListDaemons: supported('ListDaemons', listDaemons),
    ListDaemonTaskDefinitions: supported('ListDaemonTaskDefinitions', listDaemonTaskDefinitions),
    ListGatewayClusterAssociations: supported(
      'ListGatewayClusterAssociations',
      listGatewayClusterAssociations,
    ),
    ListGatewayRoutes: supported('ListGatewayRoutes', listGatewayRoutes),
    ListGateways: supported('ListGateways', listGateways),
    ListServiceDeployments: supported('ListServiceDeployments', listServiceDeployments),
    ListServices: supported('ListServices', listServices),
    ListServicesByNamespace: supported('ListServicesByNamespace', listServicesByNamespace),
    ListTagsForResource: supported('ListTagsForResource', listTagsForResource),
    ListTaskDefinitionFamilies: supported('ListTaskDefinitionFamilies', listTaskDefinitionFamilies),
    ListTaskDefinitions: supported('ListTaskDefinitions', listTaskDefinitions),
    ListTasks: supported('ListTasks', listTasks),
    PutAccountSetting: supported('PutAccountSetting', putAccountSetting),
    PutAccountSettingDefault: supported('PutAccountSettingDefault', putAccountSettingDefault),
    PutAttributes: supported('PutAttributes', putAttributes),
    PutClusterCapacityProviders: supported('PutClusterCapacityProviders', putClusterCapacityProviders),
    RegisterContainerInstance: supported('RegisterContainerInstance', registerContainerInstance),
    RegisterDaemonTaskDefinition: supported('RegisterDaemonTaskDefinition', registerDaemonTaskDefinition),
    RegisterTaskDefinition: supported('RegisterTaskDefinition', registerTaskDefinition),
    RunTask: supported('RunTask', runTask),
    StartTask: supported('StartTask', startTask),
    StopServiceDeployment: supported('StopServiceDeployment', stopServiceDeployment),
    StopTask: supported('StopTask', stopTask),
    SubmitAttachmentStateChanges: supported('SubmitAttachmentStateChanges', submitAttachmentStateChanges),
    SubmitContainerStateChange: supported('SubmitContainerStateChange', submitContainerStateChange),
    SubmitTaskStateChange: supported('SubmitTaskStateChange', submitTaskStateChange),
    TagResource: supported('TagResource', tagResource),
    UntagResource: supported('UntagResource', untagResource),
    UpdateCapacityProvider: supported('UpdateCapacityProvider', updateCapacityProvider),
    UpdateCluster: supported('UpdateCluster', updateCluster),
    UpdateClusterSettings: supported('UpdateClusterSettings', updateClusterSettings),
    UpdateContainerAgent: supported('UpdateContainerAgent', updateContainerAgent),
    UpdateContainerInstancesState: supported('UpdateContainerInstancesState', updateContainerInstancesState),
    UpdateDaemon: supported('UpdateDaemon', updateDaemon),
    UpdateExpressGatewayService: supported('UpdateExpressGatewayService', updateExpressGatewayService),
    UpdateGateway: supported('UpdateGateway', updateGateway),
    UpdateService: supported('UpdateService', updateService),
    UpdateServicePrimaryTaskSet: supported('UpdateServicePrimaryTaskSet', updateServicePrimaryTaskSet),
    UpdateTaskProtection: supported('UpdateTaskProtection', updateTaskProtection),
    UpdateTaskSet: supported('UpdateTaskSet', updateTaskSet),
  };
}
