import type { KeyValuePair } from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { containerInstances, type LaunchedType, services, tasks } from './records.ts';

/** What a cluster holds. Read from indexes, so it costs the same however much that is. */
export interface ClusterCounts {
  /** ACTIVE and DRAINING ones. */
  readonly containerInstances: number;
  readonly runningTasks: number;
  /** On their way to RUNNING. */
  readonly pendingTasks: number;
  readonly unstoppedTasks: number;
  readonly activeServices: number;
  readonly drainingServices: number;
}

export const launchTypes: readonly LaunchedType[] = ['EC2', 'EXTERNAL', 'FARGATE', 'MANAGED_INSTANCES'];

export function clusterCounts(reader: Reader, scope: Scope, cluster: string): ClusterCounts {
  const value = indexValue(scope, cluster);
  const sum = (count: (launchType: LaunchedType) => number): number =>
    launchTypes.reduce((total, launchType) => total + count(launchType), 0);
  return {
    containerInstances: reader.countByIndex(containerInstances, 'registeredByCluster', value),
    runningTasks: sum((launchType) => taskCount(reader, value, 'running', launchType)),
    pendingTasks: sum((launchType) => taskCount(reader, value, 'pending', launchType)),
    unstoppedTasks: reader.countByIndex(tasks, 'unstoppedByCluster', value),
    activeServices: sum((launchType) => serviceCount(reader, value, 'ACTIVE', launchType)),
    drainingServices: sum((launchType) => serviceCount(reader, value, 'DRAINING', launchType)),
  };
}

/** The `statistics` of a cluster: counts by launch type, as names and decimal strings. */
export function clusterStatistics(reader: Reader, scope: Scope, cluster: string): KeyValuePair[] {
  const value = indexValue(scope, cluster);
  const count = (name: string, number: number): KeyValuePair => ({ name, value: String(number) });
  return [
    count('runningEC2TasksCount', taskCount(reader, value, 'running', 'EC2')),
    count('runningFargateTasksCount', taskCount(reader, value, 'running', 'FARGATE')),
    count('runningExternalTasksCount', taskCount(reader, value, 'running', 'EXTERNAL')),
    count('pendingEC2TasksCount', taskCount(reader, value, 'pending', 'EC2')),
    count('pendingFargateTasksCount', taskCount(reader, value, 'pending', 'FARGATE')),
    count('pendingExternalTasksCount', taskCount(reader, value, 'pending', 'EXTERNAL')),
    count('activeEC2ServiceCount', serviceCount(reader, value, 'ACTIVE', 'EC2')),
    count('activeFargateServiceCount', serviceCount(reader, value, 'ACTIVE', 'FARGATE')),
    count('activeExternalServiceCount', serviceCount(reader, value, 'ACTIVE', 'EXTERNAL')),
    count('drainingEC2ServiceCount', serviceCount(reader, value, 'DRAINING', 'EC2')),
    count('drainingFargateServiceCount', serviceCount(reader, value, 'DRAINING', 'FARGATE')),
    count('drainingExternalServiceCount', serviceCount(reader, value, 'DRAINING', 'EXTERNAL')),
  ];
}

const indexValue = ({ accountId, region }: Scope, cluster: string): string =>
  `${accountId}/${region}/${cluster}`;

function taskCount(
  reader: Reader,
  cluster: string,
  phase: 'running' | 'pending',
  launchType: LaunchedType,
): number {
  return reader.countByIndex(tasks, 'byClusterPhase', `${cluster}/${phase}/${launchType}`);
}

function serviceCount(
  reader: Reader,
  cluster: string,
  status: 'ACTIVE' | 'DRAINING',
  launchType: LaunchedType,
): number {
  return reader.countByIndex(services, 'byClusterStatus', `${cluster}/${status}/${launchType}`);
}
