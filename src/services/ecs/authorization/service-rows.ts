import type { Reader } from '../../../reconcile/index.ts';
import {
  passExpressTaskRoles,
  passInfrastructureRole,
  passInfrastructureRoles,
  passKeptExpressRoles,
  passLaunchedRoles,
  tagOnCreate,
} from './asks.ts';
import { capacityProviders, changedService, namespace, newService, requestTags } from './request-keys.ts';
import { cluster, clusterOfResource, resourceTags, service } from './resource-keys.ts';
import { anyResource, serviceHistoryResources, serviceResources, taskSetResources } from './resources.ts';
import type { EcsRows } from './row.ts';
import { taskDefinition, taskSize } from './task-definition-keys.ts';

/** Services, their deployments and task sets. */
export function serviceRows(reader: Reader) {
  const tags = resourceTags(reader);
  const definition = taskDefinition(reader);
  const size = taskSize(reader);
  const passTaskRoles = passLaunchedRoles(reader);
  return {
    ContinueServiceDeployment: {
      on: ({ serviceDeploymentArn }) => serviceHistoryResources('service-deployment', [serviceDeploymentArn]),
      keys: [tags, clusterOfResource, service],
    },
    CreateExpressGatewayService: {
      on: ({ cluster, serviceName }, call) => serviceResources(cluster, [serviceName], call),
      keys: [tags, requestTags, cluster],
      asks: [
        tagOnCreate(
          'CreateExpressGatewayService',
          ({ cluster, serviceName }, call) => serviceResources(cluster, [serviceName], call)[0],
        ),
        passExpressTaskRoles(reader),
        passInfrastructureRole,
      ],
    },
    CreateService: {
      on: ({ cluster, serviceName }, call) => serviceResources(cluster, [serviceName], call),
      keys: [tags, requestTags, cluster, capacityProviders, definition, size, newService],
      asks: [
        tagOnCreate(
          'CreateService',
          ({ cluster, serviceName }, call) => serviceResources(cluster, [serviceName], call)[0],
        ),
        passTaskRoles,
        passInfrastructureRoles,
      ],
    },
    CreateTaskSet: {
      on: (input, call) => taskSetResources(input, [], call),
      keys: [tags, requestTags, cluster, service, capacityProviders, definition],
      asks: [
        tagOnCreate('CreateTaskSet', (input, call) => taskSetResources(input, [], call)[0]),
        passTaskRoles,
      ],
    },
    DeleteExpressGatewayService: {
      on: ({ serviceArn }, call) => serviceResources(undefined, [serviceArn], call),
      keys: [tags, clusterOfResource],
    },
    DeleteService: {
      on: (input, call) => serviceResources(input.cluster, [input.service], call),
      keys: [tags, cluster],
    },
    DeleteTaskSet: {
      on: (input, call) => taskSetResources(input, [input.taskSet], call),
      keys: [tags, cluster, service],
    },
    DescribeExpressGatewayService: {
      on: ({ serviceArn }, call) => serviceResources(undefined, [serviceArn], call),
      keys: [tags, clusterOfResource],
    },
    DescribeServiceDeployments: {
      on: ({ serviceDeploymentArns }) => serviceHistoryResources('service-deployment', serviceDeploymentArns),
      keys: [tags, clusterOfResource, service],
    },
    DescribeServiceRevisions: {
      on: ({ serviceRevisionArns }) => serviceHistoryResources('service-revision', serviceRevisionArns),
      keys: [tags, clusterOfResource, service],
    },
    DescribeServices: {
      on: ({ cluster, services }, call) => serviceResources(cluster, services, call),
      keys: [tags, cluster],
    },
    DescribeTaskSets: {
      on: (input, call) => taskSetResources(input, input.taskSets, call),
      keys: [tags, cluster, service],
    },
    ListServiceDeployments: {
      on: (input, call) => serviceResources(input.cluster, [input.service], call),
      keys: [tags, cluster],
    },
    ListServices: { on: anyResource, keys: [cluster] },
    ListServicesByNamespace: { on: anyResource, keys: [namespace] },
    StopServiceDeployment: {
      on: ({ serviceDeploymentArn }) => serviceHistoryResources('service-deployment', [serviceDeploymentArn]),
      keys: [tags, clusterOfResource, service],
    },
    UpdateExpressGatewayService: {
      on: ({ serviceArn }, call) => serviceResources(undefined, [serviceArn], call),
      keys: [tags, clusterOfResource],
      asks: [passKeptExpressRoles(reader)],
    },
    UpdateService: {
      on: (input, call) => serviceResources(input.cluster, [input.service], call),
      keys: [tags, cluster, capacityProviders, definition, size, changedService],
      asks: [passTaskRoles, passInfrastructureRoles],
    },
    UpdateServicePrimaryTaskSet: {
      on: (input, call) => serviceResources(input.cluster, [input.service], call),
      keys: [tags, cluster],
    },
    UpdateTaskSet: {
      on: (input, call) => taskSetResources(input, [input.taskSet], call),
      keys: [tags, cluster, service],
    },
  } satisfies EcsRows;
}
