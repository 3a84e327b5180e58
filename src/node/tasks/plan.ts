import type { ContainerSpec, SandboxSpec } from '../../runtime/index.ts';
import type { AwslogsOptions } from '../logs/options.ts';
import type { ProxyPlan } from '../service-connect/proxy-plan.ts';

/**
 * What a task asks of this machine, as data: the pure outcome of reading its definition. Everything in it is
 * derived from the payload and the agent's identity, so a restarted agent derives the same names again.
 */
export interface TaskPlan {
  readonly taskArn: string;
  readonly taskId: string;
  readonly family: string;
  readonly revision: string;
  readonly clusterArn: string;
  readonly sandbox: SandboxSpec;
  /** The network interface's attachment, where the control plane gave the task one. */
  readonly attachmentArn?: string;
  /** The network interface itself: `eni-…`. */
  readonly interfaceId?: string;
  /** Every container stands after those it depends on. */
  readonly containers: readonly PlannedContainer[];
}

export interface PlannedContainer {
  /** Its name in the task definition. */
  readonly name: string;
  readonly containerArn: string;
  readonly isEssential: boolean;
  /** All but what depends on the image: see `withImage`. */
  readonly spec: ContainerSpec;
  readonly dependencies: readonly Dependency[];
  /** Containers that the engine must know before this one can be made: links and `volumesFrom`. */
  readonly madeAfter: readonly string[];
  /** How long others wait for this container to meet their condition, from its start. */
  readonly startTimeoutMs?: number;
  readonly stopTimeoutSeconds: number;
  readonly restartPolicy?: RestartPolicy;
  readonly hasHealthCheck: boolean;
  /** It takes ECS Exec's sessions. */
  readonly hasExecuteCommandAgent: boolean;
  /** Its output goes to CloudWatch Logs. */
  readonly awslogs?: AwslogsOptions;
  /** Ports as they will be reachable where the engine publishes nothing (host mode). */
  readonly hostPorts: readonly NetworkBinding[];
  /** It is Service Connect's proxy. */
  readonly proxy?: ProxyPlan;
  /** Set only when neither the definition nor the image sets any of them. */
  readonly regionEnvironment: Readonly<Record<string, string>>;
}

export interface Dependency {
  readonly on: string;
  readonly condition: 'START' | 'COMPLETE' | 'SUCCESS' | 'HEALTHY';
}

export interface RestartPolicy {
  readonly ignoredExitCodes: readonly number[];
  readonly attemptPeriodSeconds: number;
}

export interface NetworkBinding {
  readonly bindIP: string;
  readonly containerPort: number;
  readonly hostPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** The spec as it is made, now that the image's own environment is known. */
export function withImage(
  container: PlannedContainer,
  imageEnvironment: Readonly<Record<string, string>>,
): ContainerSpec {
  const names = Object.keys(container.regionEnvironment);
  const isSet = names.some((name) => name in container.spec.env || name in imageEnvironment);
  if (isSet) return container.spec;
  return { ...container.spec, env: { ...container.regionEnvironment, ...container.spec.env } };
}

/** A task with its proxy, and what that is to do. */
export interface ProxiedTask {
  readonly taskArn: string;
  readonly taskId: string;
  readonly proxy: ProxyPlan;
}

/** The task's proxy, where it has one, for Service Connect. */
export function proxiedTaskOf({ taskArn, taskId, containers }: TaskPlan): ProxiedTask | undefined {
  const proxy = containers.find((container) => container.proxy !== undefined)?.proxy;
  return proxy && { taskArn, taskId, proxy };
}

export const taskIdOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf('/') + 1);
