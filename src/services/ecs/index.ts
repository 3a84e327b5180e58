/**
 * Amazon ECS: clusters, task definitions, tasks, services, container instances and the protocol of their agents.
 *
 * The one idea: operations validate, decide and write records in one transaction; reconcilers and agents do the
 * rest, and report back by records. `operations.ts` is the table of everything the API can be asked,
 * `records.ts` what is stored, `acs/` what agents hear.
 *
 * Refused by name until they are built: capacity providers and Fargate, load balancers and service discovery,
 * roles, secrets, ECS Exec, task sets, daemons, gateways, Express services.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import { type AgentEndpoint, acsUpgrades, agentEndpoints } from './acs/upgrades.ts';
import type { Scope } from './arn.ts';
import type { EcsContext } from './context.ts';
import { ensureCluster } from './operations/cluster.ts';
import { serviceDeployment } from './reconcilers/service-deployment.ts';
import { serviceRetention } from './reconcilers/service-retention.ts';
import { taskDefinitionDeletion } from './reconcilers/task-definition-deletion.ts';
import { taskRetention } from './reconcilers/task-retention.ts';

export { type Census, census } from './census.ts';
export type { EcsContext, PrivateNetworkPlan } from './context.ts';

export interface Ecs {
  readonly service: Service;
  /** What agents connect to; the service offers the same as WebSockets. */
  readonly agentEndpoints: readonly AgentEndpoint[];
  readonly reconcilers: readonly Reconciler[];
  /** Makes the cluster exist, ACTIVE; one that is there, even INACTIVE, stays as it is. */
  ensureCluster(scope: Scope, name: string): Promise<void>;
}

export function createEcs(context: EcsContext): Ecs {
  const endpoints = agentEndpoints(context);
  return {
    agentEndpoints: endpoints,
    service: {
      signingName: 'ecs',
      loadSdk: () => import('@aws-sdk/client-ecs'),
      loadOperations: async () => (await import('./operations.ts')).ecsOperations(context),
      upgrades: acsUpgrades(context, endpoints),
    },
    reconcilers: [
      serviceDeployment(context),
      serviceRetention(context),
      taskRetention(context),
      taskDefinitionDeletion(context),
    ],
    ensureCluster: (scope, name) => ensureCluster(context, scope, name),
  };
}
