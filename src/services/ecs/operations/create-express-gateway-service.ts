import type {
  CreateExpressGatewayServiceCommandInput,
  CreateExpressGatewayServiceResponse,
  CreateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { hex, type Random } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterName, isName, type Scope, serviceArn } from '../arn.ts';
import { clusterKey, findCluster, requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { expressDefinition, mainContainer, requireMainPort } from '../express/express-definition.ts';
import {
  defaultHealthCheckPath,
  readContainer,
  readHealthCheckPath,
  readRoleArn,
  readScalingTarget,
  refuseBothDefinitions,
} from '../express/express-input.ts';
import { readExpressNetwork, shareLoadBalancer } from '../express/express-network.ts';
import { expressServiceView } from '../express/express-view.ts';
import {
  type ExpressServiceRecord,
  expressServiceKey,
  expressServices,
  plainGroupName,
} from '../express/records.ts';
import { given } from '../given.ts';
import { endpointOf } from '../ingress/endpoint.ts';
import { requireLaunchable } from '../launch-input.ts';
import { type ClusterRecord, clusters, services, type TaskDefinitionRecord } from '../records.ts';
import { requestHash } from '../request-hash.ts';
import { serviceKey } from '../service-lookup.ts';
import { mergeTags, validateTags } from '../tags.ts';
import { beginService, requireRoomForService } from './create-service.ts';
import { putNextRevision, readTaskDefinition } from './register-task-definition.ts';

/**
 * Writes the task definition, the service with its first deployment and what the service is to stand on, all at once. That is
 * then made by `reconcilers/express-infrastructure.ts`; tasks follow when it is there.
 */
export async function createExpressGatewayService(
  ecs: EcsContext,
  input: CreateExpressGatewayServiceCommandInput,
  call: Call,
): Promise<CreateExpressGatewayServiceResponse> {
  const infrastructureRoleArn = readRoleArn('infrastructureRoleArn', input.infrastructureRoleArn, call);
  refuseBothDefinitions(input);
  const scalingTarget = readScalingTarget(input.scalingTarget);
  const healthCheckPath = readHealthCheckPath(input.healthCheckPath ?? defaultHealthCheckPath);
  const tags = validateTags(input.tags);
  const asked = clusterName(input.cluster);

  await ecs.ensureServiceLinkedRole(call.accountId);
  return transactInTurn(ecs, call, asked, (tx) => {
    const cluster = clusterWithFargate(tx, ecs, call, input.cluster);
    const given = input.taskDefinitionArn && requireLaunchable(tx, call, input.taskDefinitionArn);
    const name = readName(input, given || undefined, ecs.random);
    refuseKnownName(tx, call, cluster.name, name);
    requireRoomForService(tx, call, cluster.name);
    const network = readExpressNetwork(tx, call, input.networkConfiguration);
    ecs.infrastructure.assumeRole({
      ...{ scope: call, roleArn: infrastructureRoleArn },
      sourceArn: serviceArn(call, cluster.name, name),
    });

    const logGroupName = `/aws/ecs/${cluster.name}/${name}-${hex(ecs.random, 4)}`;
    const definition = given || newDefinition(tx, call, `${cluster.name}-${name}`, input, logGroupName);
    requireMainPort(definition.definition);
    requireLaunchable(tx, call, `${definition.family}:${definition.revision}`);
    const loadBalancer = shareLoadBalancer(tx, call, network, { random: ecs.random, now: call.now });
    const service = beginService(
      tx,
      ecs,
      call,
      {
        cluster,
        name,
        schedulingStrategy: 'REPLICA',
        known: {
          parametersHash: requestHash({ clientToken: undefined, ...input }),
          resourceManagementType: 'ECS',
          awaitsInfrastructure: true,
        },
      },
      {
        serviceName: name,
        taskDefinition: `${definition.family}:${definition.revision}`,
        desiredCount: scalingTarget.minTaskCount,
        ...serviceDefaults(),
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: [...network.subnetIds],
            securityGroups: [...network.securityGroups],
            assignPublicIp: network.accessType === 'PUBLIC' ? 'ENABLED' : 'DISABLED',
          },
        },
        tags,
      },
    );
    const express: ExpressServiceRecord = {
      ...{ name, cluster: cluster.name, createdAt: call.now, updatedAt: call.now },
      ...{ infrastructureRoleArn, healthCheckPath, scalingTarget },
      endpoint: endpointOf(name, call.region, ecs.random),
      ...{ accessType: network.accessType, vpcId: network.vpcId, securityGroups: network.securityGroups },
      loadBalancerName: loadBalancer.name,
      securityGroupName: freeGroupName(tx, call, cluster.name, name, network.vpcId, ecs.random),
      targetGroupName: `ecs-gateway-tg-${hex(ecs.random, 17)}`,
      ...(logsTo(definition) === logGroupName ? { logGroupName } : {}),
      ...{ revision: 1, madeRevision: 0, made: {}, madeAt: call.now },
    };
    tx.put(expressServices, expressServiceKey(call, cluster.name, name), express);
    return { service: expressServiceView(tx, call, express, service, { withTags: true }) };
  });
}

/** ECS developer guide, "Resources created by Amazon ECS Express Mode services", but for the strategy: see decision 0040. */
const serviceDefaults = (): Partial<CreateServiceCommandInput> => ({
  capacityProviderStrategy: [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }],
  platformVersion: 'LATEST',
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
  healthCheckGracePeriodSeconds: 300,
  enableECSManagedTags: true,
  propagateTags: 'SERVICE',
});

/** The cluster `default` is made if nobody names another one; any gets the capacity provider FARGATE. */
function clusterWithFargate(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  identifier: string | undefined,
): ClusterRecord {
  const isMade = identifier === undefined && findCluster(tx, call, undefined)?.status !== 'ACTIVE';
  const cluster: ClusterRecord = isMade
    ? {
        ...{ name: clusterName(undefined), status: 'ACTIVE', createdAt: ecs.clock.now(), tags: [] },
        settings: [{ name: 'containerInsights', value: 'disabled' }],
      }
    : requireCluster(tx, call, identifier);
  const { capacityProviders = [] } = cluster;
  if (capacityProviders.includes('FARGATE')) return cluster;
  const provided = { ...cluster, capacityProviders: [...capacityProviders, 'FARGATE'] };
  tx.put(clusters, clusterKey(call, cluster.name), provided);
  return provided;
}

/** Given, or made from the image's name. */
function readName(
  { serviceName, primaryContainer }: CreateExpressGatewayServiceCommandInput,
  definition: TaskDefinitionRecord | undefined,
  random: Random,
): string {
  if (serviceName !== undefined) {
    if (isName(serviceName)) return serviceName;
    throw invalidParameter(
      'Service names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );
  }
  const main = definition?.definition.containerDefinitions.find(({ name }) => name === mainContainer);
  const image = primaryContainer?.image ?? main?.image ?? '';
  const [repository = ''] = (image.split('/').at(-1) ?? '').split(/[:@]/);
  const base = repository.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, maxBaseLength) || 'service';
  return `${base}-${hex(random, 4)}`;
}

const maxBaseLength = 64;

/** A name is free again when its service and all that it stood on are gone. */
function refuseKnownName(tx: Transaction, call: Call, cluster: string, name: string): void {
  const status = tx.get(services, serviceKey(call, cluster, name))?.status;
  const express = tx.get(expressServices, expressServiceKey(call, cluster, name));
  if (status === 'ACTIVE') throw invalidParameter('Creation of service was not idempotent.');
  if (status === 'DRAINING' || (express !== undefined && express.removedAt === undefined))
    throw invalidParameter('Unable to Start a service that is still Draining.');
}

/** AWS's, unless a service of another cluster comes to the same, or EC2 takes no name so long. */
function freeGroupName(
  reader: Reader,
  scope: Scope,
  cluster: string,
  name: string,
  vpcId: string,
  random: Random,
): string {
  const plain = plainGroupName(cluster, name, vpcId);
  const isTaken = reader
    .byIndex(expressServices, 'byOwnGroup', `${scope.accountId}/${scope.region}/${plain}`)
    .some(({ value }) => value.cluster !== cluster || value.name !== name);
  if (!isTaken && plain.length <= longestGroupName) return plain;
  const suffix = `-${hex(random, 8)}-${vpcId}`;
  return `${cluster}-${name}`.slice(0, longestGroupName - suffix.length) + suffix;
}

/** Amazon EC2 API reference, CreateSecurityGroup: "Up to 255 characters in length". */
const longestGroupName = 255;

function newDefinition(
  tx: Transaction,
  call: Call,
  family: string,
  input: CreateExpressGatewayServiceCommandInput,
  logGroupName: string,
): TaskDefinitionRecord {
  if (input.primaryContainer === undefined)
    throw invalidParameter('Either primaryContainer or taskDefinitionArn must be specified.');
  const configured = {
    ...{ cpu: input.cpu, memory: input.memory, cpuArchitecture: input.cpuArchitecture },
    executionRoleArn: readRoleArn('executionRoleArn', input.executionRoleArn, call),
    ...given('taskRoleArn', input.taskRoleArn),
    primaryContainer: readContainer(input.primaryContainer),
  };
  const definition = readTaskDefinition(expressDefinition(call, family, configured, logGroupName));
  return putNextRevision(tx, call, definition, mergeTags(validateTags(input.tags), [managedTag]));
}

/** On everything that Amazon ECS makes for Express services. */
const managedTag = { key: 'AmazonECSManaged', value: 'true' };

const logsTo = ({ definition }: TaskDefinitionRecord): string | undefined =>
  definition.containerDefinitions[0]?.logConfiguration?.options?.['awslogs-group'];
