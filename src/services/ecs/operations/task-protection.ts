import type {
  Failure,
  GetTaskProtectionCommandInput,
  GetTaskProtectionResponse,
  ProtectedTask,
  UpdateTaskProtectionCommandInput,
  UpdateTaskProtectionResponse,
} from '@aws-sdk/client-ecs';
import type { Reader, RecordKey } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type Scope, taskArn, taskId } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { phaseOf, type ServiceRecord, services, type TaskRecord, tasks } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';
import { setTaskProtection } from '../task-state.ts';
import { keyOfTask } from './task.ts';

/**
 * Scale-in protection of a service's tasks: scaling in and deployments leave a protected task alone until its
 * protection ends. It does not survive StopTask, failed health checks or the end of its container instance.
 * (Amazon ECS developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events")
 */
const maxUpdated = 10;
const maxAsked = 100;
const defaultMinutes = 120;
const maxMinutes = 2_880;

/** Protects up to ten tasks for so many minutes from now on, or ends their protection. */
export async function updateTaskProtection(
  ecs: EcsContext,
  input: UpdateTaskProtectionCommandInput,
  call: Call,
): Promise<UpdateTaskProtectionResponse> {
  const identifiers = input.tasks ?? [];
  if (identifiers.length === 0) throw invalidParameter('Tasks cannot be empty.');
  if (identifiers.length > maxUpdated) throw invalidParameter(`Tasks can have at most ${maxUpdated} items.`);
  const until = readEnd(input, call.now);

  return ecs.state.transact((tx) => {
    const { name: cluster } = requireCluster(tx, call, input.cluster);
    const protectedTasks: ProtectedTask[] = [];
    const failures: Failure[] = [];
    for (const identifier of new Set(identifiers)) {
      const found = findServiceTask(tx, call, cluster, identifier);
      if ('failure' in found) failures.push(found.failure);
      else if (until !== undefined && isDeploymentBlocked(tx, call, found.task, call.now))
        failures.push(failure(call, cluster, identifier, 'DEPLOYMENT_BLOCKED'));
      else {
        const task = setTaskProtection(tx, found.key, until, call.now) ?? found.task;
        protectedTasks.push(protectionView(call, task, call.now));
      }
    }
    return { protectedTasks, failures };
  });
}

/** The protection of up to a hundred tasks; with none named, of all of the cluster's services' tasks. */
export function getTaskProtection(
  ecs: EcsContext,
  input: GetTaskProtectionCommandInput,
  call: Call,
): GetTaskProtectionResponse {
  const { name: cluster } = requireCluster(ecs.state, call, input.cluster);
  const identifiers = input.tasks ?? [];
  if (identifiers.length > maxAsked) throw invalidParameter(`Tasks can have at most ${maxAsked} items.`);
  if (identifiers.length === 0) {
    const within = `${call.accountId}/${call.region}/${cluster}`;
    const live = ecs.state.byIndex(tasks, 'unstoppedByCluster', within).map(({ value }) => value);
    const ofServices = live.filter(({ service }) => service !== undefined);
    return {
      protectedTasks: ofServices.map((task) => protectionView(call, task, call.now)),
      failures: [],
    };
  }
  const protectedTasks: ProtectedTask[] = [];
  const failures: Failure[] = [];
  for (const identifier of new Set(identifiers)) {
    const found = findServiceTask(ecs.state, call, cluster, identifier);
    if ('failure' in found) failures.push(found.failure);
    else protectedTasks.push(protectionView(call, found.task, call.now));
  }
  return { protectedTasks, failures };
}

/** When the protection ends; undefined for none. @throws InvalidParameterException what doesn't fit together. */
function readEnd(input: UpdateTaskProtectionCommandInput, now: number): number | undefined {
  const { protectionEnabled, expiresInMinutes } = input;
  if (protectionEnabled === undefined) throw invalidParameter('protectionEnabled is missing');
  if (
    expiresInMinutes !== undefined &&
    (!Number.isInteger(expiresInMinutes) || expiresInMinutes < 1 || expiresInMinutes > maxMinutes)
  )
    throw invalidParameter(`expiresInMinutes must be between 1 and ${maxMinutes}.`);
  return protectionEnabled ? now + (expiresInMinutes ?? defaultMinutes) * 60_000 : undefined;
}

function findServiceTask(
  reader: Reader,
  scope: Scope,
  cluster: string,
  identifier: string,
): { readonly key: RecordKey; readonly task: TaskRecord } | { readonly failure: Failure } {
  const key = keyOfTask(scope, cluster, identifier);
  const task = key && reader.get(tasks, key);
  if (key === undefined || task === undefined || task.lastStatus === 'STOPPED')
    return { failure: failure(scope, cluster, identifier, 'MISSING') };
  if (task.service === undefined) return { failure: failure(scope, cluster, identifier, 'TASK_NOT_VALID') };
  return { key, task };
}

/**
 * Whether protecting the task would prolong what already is in the way: protected tasks of superseded deployments
 * are all that its service's deployment still waits for, and it is one of those deployments' tasks.
 */
function isDeploymentBlocked(reader: Reader, scope: Scope, task: TaskRecord, now: number): boolean {
  if (task.service === undefined) return false;
  const { name, deploymentId } = task.service;
  const service = reader.get(services, serviceKey(scope, task.cluster, name));
  if (service === undefined || !isSuperseded(service, deploymentId)) return false;
  const within = `${scope.accountId}/${scope.region}/${task.cluster}/${name}`;
  const live = reader
    .byIndex(tasks, 'byService', within)
    .map(({ value }) => value)
    .filter(({ lastStatus, desiredStatus }) => phaseOf(lastStatus) && desiredStatus === 'RUNNING');
  const isOfPrimary = (each: TaskRecord): boolean =>
    each.service !== undefined && !isSuperseded(service, each.service.deploymentId);
  return (
    live.filter((each) => isOfPrimary(each) && each.lastStatus === 'RUNNING').length >=
      service.desiredCount && live.some((each) => !isOfPrimary(each) && (each.protectedUntil ?? 0) > now)
  );
}

function isSuperseded({ deployments }: ServiceRecord, deploymentId: string): boolean {
  return deployments.find(({ status }) => status === 'PRIMARY')?.id !== deploymentId;
}

type FailureReason = 'MISSING' | 'TASK_NOT_VALID' | 'DEPLOYMENT_BLOCKED';

const details: Readonly<Record<FailureReason, string>> = {
  MISSING: 'The task was not found, or it has stopped.',
  TASK_NOT_VALID: 'The task is not part of an Amazon ECS service.',
  DEPLOYMENT_BLOCKED:
    'Protected tasks already keep a deployment of the service from reaching a steady state. ' +
    'Wait until their protection has ended, or end it.',
};

function failure(scope: Scope, cluster: string, identifier: string, reason: FailureReason): Failure {
  const arn = identifier.startsWith('arn:') ? identifier : taskArn(scope, cluster, taskId(identifier));
  return { arn, reason, detail: details[reason] };
}

function protectionView(scope: Scope, task: TaskRecord, now: number): ProtectedTask {
  const { protectedUntil = 0 } = task;
  return {
    taskArn: taskArn(scope, task.cluster, task.id),
    protectionEnabled: protectedUntil > now,
    ...(protectedUntil > now ? { expirationDate: new Date(protectedUntil) } : {}),
  };
}
