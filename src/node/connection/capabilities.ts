import type { Attribute } from '@aws-sdk/client-ecs';
import type { RuntimeInfo } from '../../runtime/index.ts';
import { given } from '../reading.ts';

/** Remote API versions that the official agent names: 1.26, 1.27 and 1.31 it leaves out. */
const remoteApiMinors = [17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 32];
/** Log drivers of the Engine that ECS knows; `awslogs` is the agent's own. */
const engineLogDrivers = ['json-file', 'syslog', 'journald', 'gelf', 'fluentd', 'splunk', 'none'];

/**
 * What this instance can do, as attributes for placement (names: the official agent's). Only what this engine on
 * this machine really does is said, so a task that needs more is not placed here.
 */
export function capabilityAttributes(
  info: RuntimeInfo,
  offers: { readonly awslogs: boolean; readonly taskRoles: boolean; readonly serviceConnect: boolean },
): Attribute[] {
  const can = (feature: RuntimeInfo['limits'][number]['feature']): boolean =>
    !info.limits.some((limit) => limit.feature === feature);
  const names = [
    ...remoteApiMinors
      .filter((minor) => minor <= apiMinor(info.apiVersion))
      .map((minor) => `com.amazonaws.ecs.capability.docker-remote-api.1.${minor}`),
    ...engineLogDrivers
      .filter((driver) => driver === 'none' || info.logDrivers.includes(driver))
      .map((driver) => `com.amazonaws.ecs.capability.logging-driver.${driver}`),
    offers.awslogs && 'com.amazonaws.ecs.capability.logging-driver.awslogs',
    offers.awslogs && 'ecs.capability.execution-role-awslogs',
    offers.taskRoles && 'com.amazonaws.ecs.capability.task-iam-role',
    offers.taskRoles && 'com.amazonaws.ecs.capability.task-iam-role-network-host',
    can('privileged') && 'com.amazonaws.ecs.capability.privileged-container',
    can('private-network') && 'ecs.capability.task-eni',
    can('sandbox-cgroup') && 'ecs.capability.task-cpu-mem-limit',
    offers.serviceConnect && can('private-network') && 'ecs.capability.service-connect-v1',
    'ecs.capability.container-ordering',
    'ecs.capability.container-health-check',
    'ecs.capability.container-restart-policy',
    'ecs.capability.docker-plugin.local',
    'ecs.capability.execute-command',
    'ecs.capability.pid-ipc-namespace-sharing',
  ].filter((name) => name !== false);
  return [
    ...names.map((name) => given({ name })),
    { name: 'ecs.os-type', value: 'linux' },
    { name: 'ecs.os-family', value: 'LINUX' },
    { name: 'ecs.cpu-architecture', value: info.architecture },
  ];
}

/** An engine that names no Docker API version speaks what this agent needs: it implements the runtime interface. */
function apiMinor(apiVersion: string): number {
  const minor = /^1\.(\d+)/.exec(apiVersion)?.[1];
  return minor === undefined ? Number.POSITIVE_INFINITY : Number(minor);
}
