import type {
  UpdateExpressGatewayServiceCommandInput,
  UpdateExpressGatewayServiceResponse,
} from '@aws-sdk/client-ecs';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { serviceArn, taskDefinitionArn } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import {
  configuredIn,
  expressDefinition,
  mainContainer,
  mainPortOf,
  overConfigured,
  requireMainPort,
} from '../express/express-definition.ts';
import {
  readContainer,
  readHealthCheckPath,
  readRoleArn,
  readScalingTarget,
  refuseBothDefinitions,
  saysDefinition,
} from '../express/express-input.ts';
import { clusterOfExpress, type ExpressService, requireExpressService } from '../express/express-lookup.ts';
import { readExpressNetwork, requireZonesOf } from '../express/express-network.ts';
import { configurationView, statusView } from '../express/express-view.ts';
import {
  type ExpressServiceRecord,
  expressLoadBalancerKey,
  expressLoadBalancers,
  expressServiceKey,
  expressServices,
} from '../express/records.ts';
import { requireLaunchable } from '../launch-input.ts';
import type { TaskDefinitionRecord } from '../records.ts';
import { findTaskDefinition } from '../task-definition-lookup.ts';
import { putNextRevision, readTaskDefinition } from './register-task-definition.ts';
import { changeService } from './update-service.ts';

/**
 * Changes what is given and leaves the rest. Anything said of its tasks or its network begins a deployment; a list that is
 * given, such as the environment, stands for the whole of it.
 */
export async function updateExpressGatewayService(
  ecs: EcsContext,
  input: UpdateExpressGatewayServiceCommandInput,
  call: Call,
): Promise<UpdateExpressGatewayServiceResponse> {
  refuseBothDefinitions(input);
  return transactInTurn(ecs, call, clusterOfExpress(input.serviceArn), (tx) => {
    const { express: before, service } = requireExpressService(tx, call, input.serviceArn);
    const cluster = requireCluster(tx, call, before.cluster);
    if (
      input.healthCheckPath !== undefined &&
      readHealthCheckPath(input.healthCheckPath) !== before.healthCheckPath
    )
      throw unsupported('Another healthCheckPath for an Express service that is there');
    const scalingTarget = readScalingTarget(input.scalingTarget, before.scalingTarget);
    const network =
      input.networkConfiguration && changedNetwork(tx, call, { express: before, service }, input);
    const definition = saysDefinition(input)
      ? changedDefinition(tx, call, { express: before, service }, input)
      : undefined;
    const express: ExpressServiceRecord = {
      ...before,
      ...{ scalingTarget, updatedAt: call.now, revision: before.revision + 1 },
      securityGroups: network?.securityGroups ?? before.securityGroups,
    };
    tx.put(expressServices, expressServiceKey(call, express.cluster, express.name), express);
    const { targetGroup, securityGroup } = express.made;
    const own = securityGroup === undefined ? [] : [securityGroup];
    const port = definition && requireMainPort(definition.definition);
    const after = changeService(
      tx,
      ecs,
      call,
      { cluster, before: service },
      {
        service: service.name,
        ...(definition && { taskDefinition: `${definition.family}:${definition.revision}` }),
        ...(port !== undefined &&
          targetGroup !== undefined &&
          !service.awaitsInfrastructure && {
            loadBalancers: [
              { targetGroupArn: targetGroup, containerName: mainContainer, containerPort: port },
            ],
          }),
        ...(network && {
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: [...network.subnetIds],
              securityGroups: network.securityGroups.length > 0 ? [...network.securityGroups] : own,
              assignPublicIp: network.accessType === 'PUBLIC' ? 'ENABLED' : 'DISABLED',
            },
          },
        }),
      },
    );
    const [primary] = after.deployments;
    return {
      service: {
        serviceArn: serviceArn(call, express.cluster, express.name),
        ...{ cluster: express.cluster, serviceName: express.name, status: statusView(express, after) },
        ...(primary && { targetConfiguration: configurationView(tx, call, express, primary) }),
        ...{ createdAt: new Date(express.createdAt), updatedAt: new Date(express.updatedAt) },
      },
    };
  });
}

/** In the same VPC, of the same kind, where its load balancer is. @throws InvalidParameterException */
function changedNetwork(
  tx: Transaction,
  call: Call,
  { express, service }: ExpressService,
  { networkConfiguration = {} }: UpdateExpressGatewayServiceCommandInput,
) {
  const { subnets, securityGroups = express.securityGroups } = networkConfiguration;
  const network = readExpressNetwork(tx, call, {
    subnets: [...(subnets?.length ? subnets : (service.networkConfiguration?.subnets ?? []))],
    securityGroups: [...securityGroups],
  });
  if (network.vpcId !== express.vpcId)
    throw invalidParameter('subnets must be in the VPC that the Express service is in.');
  if (network.accessType !== express.accessType)
    throw invalidParameter(
      'subnets must be public or private as those that the Express service was created with.',
    );
  const loadBalancer = tx.get(expressLoadBalancers, expressLoadBalancerKey(call, express.loadBalancerName));
  if (loadBalancer !== undefined) requireZonesOf(loadBalancer, network.availabilityZones);
  return network;
}

/** The user's own, or the next revision of the one that ECS made. */
function changedDefinition(
  tx: Transaction,
  call: Call,
  { express, service }: ExpressService,
  input: UpdateExpressGatewayServiceCommandInput,
): TaskDefinitionRecord {
  if (input.taskDefinitionArn !== undefined) return requireLaunchable(tx, call, input.taskDefinitionArn);
  const { family = '', revision = 0 } = service.taskDefinition ?? {};
  const before = findTaskDefinition(tx, call, taskDefinitionArn(call, family, revision));
  if (before === undefined) throw clientError('TaskDefinition not found.');
  const { executionRoleArn, taskRoleArn, cpu, memory, cpuArchitecture, primaryContainer } = input;
  const said = { executionRoleArn, taskRoleArn, cpu, memory, cpuArchitecture };
  const merged = overConfigured(configuredIn(before.definition), {
    ...said,
    ...(primaryContainer && { primaryContainer: readContainer(primaryContainer) }),
  });
  if (merged.primaryContainer === undefined || mainPortOf(before.definition) === undefined)
    throw invalidParameter(
      `The task definition in use has no container named ${mainContainer}: specify another one.`,
    );
  readRoleArn('executionRoleArn', merged.executionRoleArn, call);
  const definition = expressDefinition(
    call,
    `${express.cluster}-${express.name}`,
    { ...merged, primaryContainer: merged.primaryContainer },
    express.logGroupName ?? '',
  );
  const registered = putNextRevision(tx, call, readTaskDefinition(definition), before.tags);
  return requireLaunchable(tx, call, `${registered.family}:${registered.revision}`);
}
