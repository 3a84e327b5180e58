/**
 * Amazon ECS: clusters, task definitions, tasks, services, container instances and the protocol of their agents.
 *
 * The one idea: operations validate, decide and write records in one transaction; reconcilers and agents do the
 * rest, and report back by records. `operations.ts` is the table of everything the API can be asked,
 * `records.ts` what is stored, `acs/` what agents hear.
 *
 * Refused by name until they are built: managed scaling, secrets.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { EventSource } from '../events/index.ts';
import type { Service } from '../service.ts';
import type { AgentEndpoint } from './acs/upgrades.ts';
import type { Scope } from './arn.ts';
import { agentAuthorization } from './authorization/agents.ts';
import type { EcsContext } from './context.ts';
import { ensureCluster } from './ensure-cluster.ts';
import { interfaceOwners } from './task-interface.ts';
import { holdsSessions } from './task-roles.ts';

export { type Census, census, isAgentAwaited } from './census.ts';
export { type ClusterFigures, clusterFigures } from './cluster-figures.ts';
export type {
  EcsContext,
  TaskCredentials,
  TaskSession,
} from './context.ts';
export { noInfrastructure } from './express/infrastructure.ts';
export { ingressCollections, ingressNames } from './ingress/ingress-names.ts';
export { linkedResources } from './linked-resources.ts';
export { machineAttribute } from './placement/instance.ts';
export {
  fargateHosts,
  type ManagedInstanceReportRecord,
  managedInstanceIdOf,
  managedInstanceReportOf,
  managedInstanceReports,
  managedInstances,
} from './records.ts';
export type { ServiceName } from './service-name.ts';
export {
  type ServiceCapacity,
  serviceCapacity,
  setDesiredCount,
  watchingServices,
} from './service-scaling.ts';
export { functionOf } from './traffic-shift/function-arn.ts';
export type { FunctionAnswer, HookFunctions } from './traffic-shift/hook-calls.ts';

export interface Ecs {
  readonly service: Service;
  /**
   * What agents connect to; the service offers the same as WebSockets. Called at every start: from then on the
   * agents that were connected before have their time to come back.
   */
  loadAgentEndpoints(): Promise<readonly AgentEndpoint[]>;
  /** Loaded once the front door is open: the first answer need not wait for them. */
  loadReconcilers(): Promise<readonly Reconciler[]>;
  /** What of its records is told to EventBridge. */
  loadEventSources(): Promise<readonly EventSource[]>;
  /**
   * Interrupts a task on Fargate Spot, or every one, as AWS does when it wants the capacity back: the task is asked to
   * stop, and has its stop timeout, 120 seconds at most, until it is killed.
   * @param taskId undefined: all of them.
   * @returns the ARNs of those that were interrupted; those that are stopping already are left out.
   */
  interruptSpot(scope: Scope, taskId: string | undefined): Promise<readonly string[]>;
  /** Whether a task is still there to hold the sessions of its role: see `holdsSessions`. @param arn The task's. */
  holdsSessions(arn: string): boolean;
  /** ARNs of the tasks that have network interfaces, by the interfaces' ids. */
  interfaceOwners(): ReadonlyMap<string, string>;
  /** See `end-instance.ts`. */
  endMachine(machineId: string): Promise<void>;
  /** Makes the cluster exist, ACTIVE; one that is there, even INACTIVE, stays as it is. */
  ensureCluster(scope: Scope, name: string): Promise<void>;
}

/** Where agents connect to; what answers there is loaded with the first of them. */
const agentPaths = [
  { path: '/acs/ws', action: 'ecs:Poll', cluster: 'clusterArn', instance: 'containerInstanceArn' },
  { path: '/tcs/ws', action: 'ecs:StartTelemetrySession', cluster: 'cluster', instance: 'containerInstance' },
] as const;

export function createEcs(context: EcsContext): Ecs {
  const loadAgents = once(async () => {
    const { acsUpgrades, agentEndpoints } = await import('./acs/upgrades.ts');
    const endpoints = agentEndpoints(context);
    return { endpoints, upgrades: acsUpgrades(context, endpoints) };
  });
  return {
    service: {
      signingName: 'ecs',
      loadSdk: () => import('@aws-sdk/client-ecs'),
      loadOperations: async () => (await import('./operations.ts')).ecsOperations(context),
      upgrades: agentPaths.map(({ path, action, ...members }) => ({
        path,
        action,
        ...agentAuthorization(context.state, members),
        accept: async (...connection) => {
          const { upgrades } = await loadAgents();
          upgrades.find((upgrade) => upgrade.path === path)?.accept(...connection);
        },
      })),
    },
    loadAgentEndpoints: async () => (await loadAgents()).endpoints,
    loadReconcilers: async () => (await import('./reconcilers/index.ts')).ecsReconcilers(context),
    loadEventSources: async () => (await import('./events/sources.ts')).ecsEventSources(context.state),
    interruptSpot: async (scope, taskId) =>
      (await import('./capacity/interrupt-spot.ts')).interruptSpot(context, scope, taskId),
    holdsSessions: (arn) => holdsSessions(context.state, arn, context.clock.now()),
    interfaceOwners: () => interfaceOwners(context.state),
    endMachine: async (machineId) => (await import('./end-instance.ts')).endMachine(context, machineId),
    ensureCluster: (scope, name) => ensureCluster(context, scope, name),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
