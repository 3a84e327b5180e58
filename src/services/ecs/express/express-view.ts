import type {
  ECSExpressGatewayService,
  ECSManagedResources,
  ExpressGatewayServiceConfiguration,
  ManagedResourceStatus,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import {
  clusterArn,
  type Scope,
  serviceArn,
  serviceDeploymentArn,
  serviceRevisionArn,
  taskDefinitionArn,
} from '../arn.ts';
import { given } from '../given.ts';
import { type DeploymentRecord, type ServiceRecord, taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { configuredIn, mainPortOf } from './express-definition.ts';
import type { ExpressServiceRecord } from './records.ts';

/** What the API shows of an Express service: its service's deployments, and what it stands on. */

export function expressServiceView(
  reader: Reader,
  scope: Scope,
  express: ExpressServiceRecord,
  service: ServiceRecord,
  options: { readonly withTags: boolean },
): ECSExpressGatewayService {
  const { cluster, name, infrastructureRoleArn, createdAt, updatedAt } = express;
  const { serviceDeploymentId: id } = service;
  const isThere = service.status !== 'INACTIVE';
  return {
    cluster: clusterArn(scope, cluster),
    serviceName: name,
    serviceArn: serviceArn(scope, cluster, name),
    infrastructureRoleArn,
    status: statusView(express, service),
    ...given(
      'currentDeployment',
      isThere && id ? serviceDeploymentArn(scope, { cluster, service: name, id }) : undefined,
    ),
    activeConfigurations: service.deployments.map((each) => configurationView(reader, scope, express, each)),
    ...(options.withTags ? { tags: service.tags.map((tag) => ({ ...tag })) } : {}),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}

/** INACTIVE when also what it stood on is gone. */
export function statusView(
  { removedAt, obstacle }: ExpressServiceRecord,
  { status }: ServiceRecord,
): NonNullable<ECSExpressGatewayService['status']> {
  const code = removedAt !== undefined ? 'INACTIVE' : status === 'INACTIVE' ? 'DRAINING' : status;
  return { statusCode: code, ...given('statusReason', obstacle) };
}

/** A deployment's revision. */
export function configurationView(
  reader: Reader,
  scope: Scope,
  express: ExpressServiceRecord,
  deployment: DeploymentRecord,
): ExpressGatewayServiceConfiguration {
  const { cluster, name: service, healthCheckPath, scalingTarget, accessType, endpoint } = express;
  const { family, revision } = deployment.taskDefinition;
  const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, revision))?.definition;
  const { subnets, securityGroups } = deployment.networkConfiguration ?? { subnets: [], securityGroups: [] };
  return {
    serviceRevisionArn: serviceRevisionArn(scope, { cluster, service, id: deployment.serviceRevisionId }),
    ...(definition && configuredIn(definition)),
    taskDefinitionArn: taskDefinitionArn(scope, family, revision),
    networkConfiguration: { subnets: [...subnets], securityGroups: [...securityGroups] },
    healthCheckPath,
    scalingTarget: { ...scalingTarget },
    ingressPaths: [{ accessType, endpoint }],
    createdAt: new Date(deployment.createdAt),
  };
}

/** What Amazon ECS made for it, as its service revisions show it. */
export function managedResourcesView(
  reader: Reader,
  scope: Scope,
  express: ExpressServiceRecord,
  revision: Pick<DeploymentRecord, 'taskDefinition'>,
): ECSManagedResources {
  const { made, madeAt, accessType, endpoint, healthCheckPath, logGroupName, obstacle } = express;
  const state = stateOf(express);
  const ec2 = (id: string): string => `arn:aws:ec2:${scope.region}:${scope.accountId}:security-group/${id}`;
  const resource = (arn: string | undefined) => ({
    ...given('arn', arn),
    status: arn === undefined ? state.missing : state.made,
    ...given('statusReason', arn === undefined ? obstacle : undefined),
    updatedAt: new Date(madeAt),
  });
  const group = (id: string | undefined) => resource(id && ec2(id));
  const { family, revision: number } = revision.taskDefinition;
  const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, number))?.definition;
  const port = definition && mainPortOf(definition);
  const targetGroup = { healthCheckPath, healthCheckPort: port, port };
  const { minTaskCount, maxTaskCount, autoScalingMetric, autoScalingTargetValue } = express.scalingTarget;
  return {
    ingressPaths: [
      {
        ...{ accessType, endpoint },
        loadBalancer: {
          ...resource(made.loadBalancer),
          scheme: accessType === 'PUBLIC' ? 'internet-facing' : 'internal',
        },
        loadBalancerSecurityGroups: [group(made.loadBalancerSecurityGroup)],
        certificate: { ...resource(made.certificate), domainName: endpoint },
        listener: resource(made.listener),
        rule: resource(made.rule),
        targetGroups: [{ ...resource(made.targetGroup), ...targetGroup }],
      },
    ],
    autoScaling: {
      scalableTarget: {
        ...resource(made.scalableTarget),
        ...{ minCapacity: minTaskCount, maxCapacity: maxTaskCount },
      },
      applicationAutoScalingPolicies: [
        {
          ...resource(made.scalingPolicy?.arn),
          ...{
            policyType: 'TargetTrackingScaling',
            targetValue: autoScalingTargetValue,
            metric: autoScalingMetric,
          },
        },
      ],
    },
    ...(express.securityGroups.length > 0 ? {} : { serviceSecurityGroups: [group(made.securityGroup)] }),
    ...(logGroupName === undefined ? {} : { logGroups: [{ ...resource(made.logGroup), logGroupName }] }),
  };
}

/** Of what is there, and of what isn't. */
function stateOf({ removedAt, isEnding }: ExpressServiceRecord): {
  readonly made: ManagedResourceStatus;
  readonly missing: ManagedResourceStatus;
} {
  if (removedAt !== undefined) return { made: 'DELETED', missing: 'DELETED' };
  return isEnding
    ? { made: 'DEPROVISIONING', missing: 'DELETED' }
    : { made: 'ACTIVE', missing: 'PROVISIONING' };
}
