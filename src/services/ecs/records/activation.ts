import type { Collection, RecordKey } from '../../../reconcile/index.ts';
import type { GatewayConnectorRecord, GatewayRouteRef } from './gateway-connector.ts';
import type { ServiceConnectRecord } from './service-connect.ts';
import type { NetworkBindingRecord, TaskNetworkInterface } from './task-network.ts';

/**
 * What is done for a service's tasks in ACTIVATING and undone in DEACTIVATING, so that others find them while they are
 * RUNNING and no longer.
 */

/** By what others find tasks, as a service, a deployment or a task set has it. What is there has at least one item. */
export interface ExposureRecord {
  readonly serviceRegistries?: readonly ServiceRegistryRecord[];
  readonly loadBalancers?: readonly ServiceLoadBalancerRecord[];
  readonly serviceConnectConfiguration?: ServiceConnectRecord;
  readonly gatewayConnectors?: readonly GatewayConnectorRecord[];
  /** The routes that these come to, one behind each gateway. Their target groups are among `loadBalancers` once they are made. */
  readonly gatewayRoutes?: readonly GatewayRouteRef[];
}

/** A service of Cloud Map, as a service's `serviceRegistries` names it. */
export interface ServiceRegistryRecord {
  readonly registryArn: string;
  /** The container and its port that are found there, or the port alone. */
  readonly containerName?: string;
  readonly containerPort?: number;
  readonly port?: number;
}

/** A target group, and the port of a container that it sends to. */
export interface ServiceLoadBalancerRecord {
  readonly targetGroupArn: string;
  readonly containerName: string;
  readonly containerPort: number;
  /** What its targets are sent where those are container instances. Absent: TCP. */
  readonly transport?: 'UDP' | 'TCP_UDP';
  readonly advancedConfiguration?: AdvancedConfigurationRecord;
  /** A gateway's, which users don't see among their own. Its tasks are in the security group, too. */
  readonly gatewayRoute?: GatewayRouteRef & { readonly securityGroup: string };
}

/** Between what and by which rules traffic is shifted: `targetGroupArn` and its alternate take turns. */
export interface AdvancedConfigurationRecord {
  readonly alternateTargetGroupArn: string;
  readonly productionListenerRule: string;
  readonly testListenerRule?: string;
  readonly roleArn: string;
}

/**
 * Of a task: as its deployment had it when the task was launched. Endpoints of Service Connect are registries as any
 * other, which Amazon ECS made itself.
 */
export interface TaskActivationRecord
  extends Omit<ExposureRecord, 'serviceConnectConfiguration' | 'gatewayConnectors' | 'gatewayRoutes'> {
  /** Of its task set. */
  readonly externalId?: string;
  /** Written in the transaction that registers it, or takes it away, everywhere. */
  readonly isRegistered: boolean;
  /** As what EC2 knows its container instance, on which load balancers reach it: of tasks without an interface of their own. */
  readonly ec2InstanceId?: string;
  /** So long after it was taken away somebody may still come who knows it from before. */
  readonly noticeMs?: number;
  /** When it was taken away. */
  readonly unregisteredAt?: number;
  /** Of a task that is STOPPED and had target groups: whether it was ever healthy in all of them. */
  readonly wasHealthyTarget?: boolean;
}

/** What load balancers last said of a RUNNING task, kept beside it: nobody sees it as a change of the task. */
export interface TaskTargetsRecord {
  readonly cluster: string;
  readonly service: string;
  /** `healthy`: in all of its target groups. */
  readonly state: 'initial' | 'healthy' | 'unhealthy';
  readonly since: number;
  /** Of `unhealthy`. */
  readonly failure?: TargetFailureRecord;
  readonly hasBeenHealthy: boolean;
}

export interface TargetFailureRecord {
  readonly targetGroupArn: string;
  readonly port: number;
  /** In ELB's words, e.g. `Health checks failed with these codes: [502]`. */
  readonly reason: string;
}

/** `task-targets/<cluster>/<task id>` */
export const taskTargets: Collection<TaskTargetsRecord> = {
  service: 'ecs',
  noun: 'task-targets',
  indexes: {},
};

/** Of what load balancers say of a task. @param key The task's. */
export function taskTargetsKey(key: RecordKey): RecordKey {
  return key.replace('/task/', `/${taskTargets.noun}/`) as RecordKey;
}

/** What of a task says where it is reached. */
interface ReachedTask {
  readonly activation?: TaskActivationRecord;
  readonly networkInterface?: TaskNetworkInterface;
  readonly containers: readonly PublishedContainer[];
}

interface PublishedContainer {
  readonly name: string;
  readonly networkBindings: readonly NetworkBindingRecord[];
}

/**
 * Where load balancers send to reach a task: to its address, and the ports of its containers; without an address of its
 * own to its container instance, and the ports there on which those are published.
 */
export function targetsOf({ activation, networkInterface, containers }: ReachedTask): readonly TaskTarget[] {
  const { loadBalancers = [], ec2InstanceId } = activation ?? {};
  return loadBalancers.flatMap((balancer) => {
    const { targetGroupArn, containerPort } = balancer;
    if (networkInterface !== undefined)
      return [{ targetGroupArn, id: networkInterface.privateIpv4Address, port: containerPort }];
    const port = publishedPort(containers, balancer);
    return ec2InstanceId === undefined || port === undefined
      ? []
      : [{ targetGroupArn, id: ec2InstanceId, port }];
  });
}

/** On which port of its machine a load balancer finds a container's; what is sent both TCP and UDP has one for both. */
export function publishedPort(
  containers: readonly PublishedContainer[],
  { containerName, containerPort, transport }: ServiceLoadBalancerRecord,
): number | undefined {
  const portFor = (protocol: 'tcp' | 'udp') =>
    bindingOf(containers, containerName, containerPort, protocol)?.hostPort;
  const port = portFor(transport === undefined ? 'tcp' : 'udp');
  return transport === 'TCP_UDP' && portFor('tcp') !== port ? undefined : port;
}

/** On which port of its machine, and which of its addresses, a container's port is published; undefined: it is not. */
export function bindingOf(
  containers: readonly PublishedContainer[],
  containerName: string | undefined,
  containerPort: number | undefined,
  protocol?: NetworkBindingRecord['protocol'],
): NetworkBindingRecord | undefined {
  const bindings = containers.find(({ name }) => name === containerName)?.networkBindings;
  return bindings?.find(
    (binding) =>
      binding.containerPort === containerPort && (protocol === undefined || binding.protocol === protocol),
  );
}

export interface TaskTarget {
  readonly targetGroupArn: string;
  readonly id: string;
  readonly port: number;
}

/** The value under which `byTarget` finds the tasks of a group, or one of them. `scope` is `<account>/<region>`. */
export function targetIndexValue(
  scope: string,
  targetGroupArn: string,
  target?: Pick<TaskTarget, 'id' | 'port'>,
): string {
  const group = `${scope}/${targetGroupArn}`;
  return target === undefined ? group : `${group} ${target.id}:${target.port}`;
}
