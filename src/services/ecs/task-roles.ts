import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { uuid } from '../../clock/index.ts';
import { type Reader, recordKey } from '../../reconcile/index.ts';
import { resourceId, type Scope, scopeOfArn, taskArn } from './arn.ts';
import type { EcsContext, TaskSession } from './context.ts';
import { clientError } from './errors.ts';
import { given } from './given.ts';
import {
  type StoredTaskDefinition,
  type TaskOverrideRecord,
  type TaskRecord,
  type TaskRoleRecord,
  taskDefinitions,
  tasks,
} from './records.ts';
import { taskDefinitionKey } from './task-definition-lookup.ts';

/** What a task's two roles are for: its containers; its agent, which writes their logs. */
export type TaskRoleKind = keyof NonNullable<TaskRecord['roles']>;

export const taskRoleKinds: readonly TaskRoleKind[] = ['task', 'execution'];

/** What is launched, as far as its roles go. */
interface Launched {
  readonly definition: { readonly definition: StoredTaskDefinition };
  readonly overrides: TaskOverrideRecord;
}

/** The ARNs of the roles that a task gets: the override's, else the definition's. */
function roleArnsOf(
  { accountId }: Scope,
  { definition: { definition }, overrides }: Launched,
): { readonly [Kind in TaskRoleKind]?: string } {
  const arn = (role: string | undefined): string | undefined =>
    role === undefined || role.startsWith('arn:') ? role : `arn:aws:iam::${accountId}:role/${role}`;
  return {
    ...given('task', arn(overrides.taskRoleArn ?? definition.taskRoleArn)),
    ...given('execution', arn(overrides.executionRoleArn ?? definition.executionRoleArn)),
  };
}

/** The roles of a new task, each with a credentials id that nobody can guess; undefined: it has none. */
export function newTaskRoles(ecs: EcsContext, scope: Scope, launched: Launched): TaskRecord['roles'] {
  const arns = roleArnsOf(scope, launched);
  const role = (arn: string | undefined): TaskRoleRecord | undefined =>
    arn === undefined ? undefined : { arn, credentialsId: uuid(ecs.random) };
  if (arns.task === undefined && arns.execution === undefined) return undefined;
  return { ...given('task', role(arns.task)), ...given('execution', role(arns.execution)) };
}

/** ECS's words for a role that is not there, of another account, or doesn't trust `ecs-tasks.amazonaws.com`. */
export const cannotAssume = (arn: string): string =>
  `ECS was unable to assume the role '${arn}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`;

/** The failure of a service's launch for that reason; its detail says it in ECS's words. */
export const unassumableRole = 'ROLE';

/** Why a task with these roles can't be launched; undefined: all of them can be assumed. */
export function roleObstacle(
  ecs: EcsContext,
  scope: Scope,
  launched: Launched & { readonly cluster: string },
): string | undefined {
  const arns = roleArnsOf(scope, launched);
  for (const kind of taskRoleKinds) {
    const roleArn = arns[kind];
    // The task isn't there yet: what is asked is whether one of this cluster could.
    const session = roleArn && sessionOf(scope, { cluster: launched.cluster, id: 'launch' }, kind, roleArn);
    if (session && ecs.assumeTaskRole(session) === undefined) return cannotAssume(session.roleArn);
  }
  return undefined;
}

/** @throws ClientException a role of the task can't be assumed. */
export function requireAssumableRoles(...launch: Parameters<typeof roleObstacle>): void {
  const obstacle = roleObstacle(...launch);
  if (obstacle !== undefined) throw clientError(obstacle);
}

/**
 * As what ECS assumes a task's role. The session of the task's own role ends with the task, which holds it. The agent's
 * does not: what the containers said last is written when the task has ended, and no container ever gets to it.
 */
export function sessionOf(
  { accountId, region }: Scope,
  { cluster, id }: Pick<TaskRecord, 'cluster' | 'id'>,
  kind: TaskRoleKind,
  roleArn: string,
): TaskSession {
  const scope = { accountId, region };
  return {
    scope,
    roleArn,
    sessionName: id,
    ...given('holder', kind === 'task' ? taskArn(scope, cluster, id) : undefined),
  };
}

/** ECS_CONTAINER_STOP_TIMEOUT's default, for containers that don't say. */
const defaultStopTimeoutSeconds = 30;
/** What a stop may take beyond the time that its containers are given. */
const stopGraceMs = 60_000;

/**
 * Whether a task still holds the sessions of its role. It does until it is STOPPED, for a container that shuts down needs
 * its role; but one whose stop nobody confirms is over a minute after its containers' time to stop.
 * @param now Epoch milliseconds.
 */
export function holdsSessions(reader: Reader, arn: string, now: number): boolean {
  const resource = resourceId(arn);
  if (resource?.type !== 'task') return false;
  const { accountId, region } = scopeOfArn(arn);
  const task = reader.get(tasks, recordKey(tasks, accountId, region, resource.cluster, resource.taskId));
  // DEPROVISIONING: its containers have ended.
  if (task === undefined || task.lastStatus === 'STOPPED' || task.lastStatus === 'DEPROVISIONING')
    return false;
  if (task.stopAskedAt === undefined) return true;
  const { family, revision } = task.taskDefinition;
  const definition = reader.get(taskDefinitions, taskDefinitionKey({ accountId, region }, family, revision));
  const stopMs = longestStopMs(definition?.definition.containerDefinitions ?? []);
  return now < task.stopAskedAt + stopMs + stopGraceMs;
}

/** Containers stop after those that depend on them: the longest chain of their timeouts. */
export function longestStopMs(containers: readonly ContainerDefinition[]): number {
  const byName = new Map(containers.map((container) => [container.name, container]));
  const chainSeconds = ({ stopTimeout, dependsOn = [] }: ContainerDefinition): number => {
    const before = dependsOn.map(({ containerName }) => chainSeconds(byName.get(containerName) ?? {}));
    return (stopTimeout ?? defaultStopTimeoutSeconds) + Math.max(0, ...before);
  };
  return 1_000 * Math.max(defaultStopTimeoutSeconds, ...containers.map(chainSeconds));
}
