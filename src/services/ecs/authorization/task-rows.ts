import type { Reader } from '../../../reconcile/index.ts';
import { clusterName, taskArn } from '../arn.ts';
import { passDefinedRoles, passInfrastructureRoles, passLaunchedRoles, tagOnCreate } from './asks.ts';
import {
  capacityProviders,
  containerInstances,
  definition,
  execution,
  launch,
  requestTags,
} from './request-keys.ts';
import { cluster, resourceTags } from './resource-keys.ts';
import {
  anyResource,
  clusterResource,
  familyResource,
  launchedResource,
  listedTasksResource,
  taskDefinitionResources,
  taskResources,
} from './resources.ts';
import type { EcsRows } from './row.ts';

/** Tasks and what they are made of. */
export function taskRows(reader: Reader) {
  const tags = resourceTags(reader);
  const passRoles = [passLaunchedRoles(reader), passInfrastructureRoles];
  return {
    DeleteTaskDefinitions: { on: taskDefinitionResources, keys: [tags] },
    DeregisterTaskDefinition: { on: anyResource },
    DescribeTaskDefinition: { on: anyResource },
    DescribeTasks: {
      on: (input, call) => taskResources(input.cluster, input.tasks, call),
      keys: [tags, cluster],
    },
    ExecuteCommand: {
      on: (input, call) => [
        ...clusterResource(input, call),
        ...taskResources(input.cluster, [input.task], call),
      ],
      keys: [tags, cluster, execution],
    },
    GetTaskProtection: {
      on: (input, call) => taskResources(input.cluster, input.tasks, call),
      keys: [tags, cluster],
    },
    ListTaskDefinitionFamilies: { on: anyResource },
    ListTaskDefinitions: { on: anyResource },
    ListTasks: { on: listedTasksResource, keys: [tags, cluster] },
    RegisterTaskDefinition: {
      on: familyResource,
      keys: [tags, requestTags, definition],
      asks: [
        tagOnCreate('RegisterTaskDefinition', (input, call) => familyResource(input, call)[0]),
        passDefinedRoles,
      ],
    },
    RunTask: {
      on: (input, call) => launchedResource(reader, input, call),
      keys: [tags, requestTags, cluster, capacityProviders, launch],
      asks: [
        tagOnCreate('RunTask', ({ cluster }, call) => taskArn(call, clusterName(cluster), '*')),
        ...passRoles,
      ],
    },
    StartTask: {
      on: (input, call) => launchedResource(reader, input, call),
      keys: [tags, requestTags, cluster, containerInstances, launch],
      asks: [
        tagOnCreate('StartTask', ({ cluster }, call) => taskArn(call, clusterName(cluster), '*')),
        ...passRoles,
      ],
    },
    StopTask: {
      on: (input, call) => taskResources(input.cluster, [input.task], call),
      keys: [tags, cluster],
    },
    UpdateTaskProtection: {
      on: (input, call) => taskResources(input.cluster, input.tasks, call),
      keys: [tags, cluster],
    },
  } satisfies EcsRows;
}
