import { uuid } from '../../../clock/index.ts';
import type { AcsRoleCredentials, AcsServerMessages, AcsTask } from '../../../protocols/acs.ts';
import type { RecordKey } from '../../../reconcile/index.ts';
import { type Scope, taskArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { given } from '../given.ts';
import { type TaskRecord, tasks } from '../records.ts';
import { sessionOf, type TaskRoleKind, taskRoleKinds } from '../task-roles.ts';
import { type InboundFrame, text } from './frames.ts';

/** Credentials are renewed so long before they expire: SDKs ask for new ones up to an hour ahead. */
const renewBeforeExpiryMs = 60 * 60_000;
/** Credentials whose arrival the agent didn't confirm in this time are made and sent anew. */
const resendAfterMs = 60_000;
/** By the wall clock, for that is what credentials expire by: a clock that jumps is noticed within this time. */
const lookEveryMs = 60_000;
/** Messages in one look; the rest has its hour and waits for the next. */
const maxSentAtOnce = 200;

const roleTypes: Readonly<Record<TaskRoleKind, AcsServerMessages['IAMRoleCredentialsMessage']['roleType']>> =
  { task: 'TaskApplication', execution: 'TaskExecution' };

interface Sent {
  readonly key: RecordKey;
  readonly kind: TaskRoleKind;
  readonly expiration: string;
  readonly renewAtMs: number;
  /** When they are to be sent anew: soon, until the agent confirms that it has them. */
  dueAtMs: number;
}

export interface RoleCredentialsOptions {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly containerInstanceId: string;
  readonly send: (message: AcsServerMessages['IAMRoleCredentialsMessage']) => void;
}

/**
 * The credentials of tasks' roles on their way to one agent. They are made for each delivery and forgotten at once: what
 * is remembered, as long as the agent is connected, is when the next are due. An agent that comes back gets all anew.
 */
export class RoleCredentials implements Disposable {
  readonly #options: RoleCredentialsOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #refused = new Set<string>();
  #look: Disposable | undefined;
  #isOver = false;

  constructor(options: RoleCredentialsOptions) {
    this.#options = options;
  }

  /**
   * For a task's payload.
   * @returns what its roles give now, and the first role's ARN that ECS may not assume any more.
   */
  ofTask(key: RecordKey, task: TaskRecord): { readonly members: RoleMembers; readonly refusedRole?: string } {
    if (task.roles === undefined) return { members: {} };
    const made = taskRoleKinds.map((kind) => [kind, this.#make(key, task, kind)] as const);
    const [refused] = made.flatMap(([kind, credentials]) =>
      credentials === undefined ? (task.roles?.[kind]?.arn ?? []) : [],
    );
    const { task: own, execution } = Object.fromEntries(made);
    return {
      members: { ...given('roleCredentials', own), ...given('executionRoleCredentials', execution) },
      ...given('refusedRole', refused),
    };
  }

  /**
   * For an agent whose process is new: of a task that has just ended, what its containers said last is still to be
   * written with the execution role, and payloads tell nothing of it any more.
   */
  sendForLogs(key: RecordKey, task: TaskRecord): void {
    this.#send(key, task, 'execution');
    const { credentialsId } = task.roles?.execution ?? {};
    if (credentialsId !== undefined) this.#sent.delete(credentialsId);
  }

  /** The agent has them. */
  acknowledged(message: InboundFrame['message']): void {
    const sent = this.#sent.get(text(message, 'credentialsId'));
    if (sent?.expiration === text(message, 'expiration')) sent.dueAtMs = sent.renewAtMs;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#look?.[Symbol.dispose]();
    this.#sent.clear();
  }

  #make(key: RecordKey, task: TaskRecord, kind: TaskRoleKind): AcsRoleCredentials | undefined {
    const { ecs, scope } = this.#options;
    const role = task.roles?.[kind];
    if (role === undefined) return undefined;
    const { arn: roleArn, credentialsId } = role;
    const credentials = ecs.assumeTaskRole(sessionOf(scope, task, kind, roleArn));
    if (credentials === undefined) {
      this.#refuse(credentialsId, task, roleArn);
      return undefined;
    }
    this.#refused.delete(credentialsId);
    const { expiresAt, ...keys } = credentials;
    const expiration = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z');
    const renewAtMs = expiresAt - renewBeforeExpiryMs;
    const dueAtMs = ecs.clock.now() + resendAfterMs;
    this.#sent.set(credentialsId, { key, kind, expiration, renewAtMs, dueAtMs });
    this.#lookLater();
    return { credentialsId, ...keys, expiration, roleArn };
  }

  /** What the task has goes on until it expires; the role may be trusted again by then. Said once. */
  #refuse(credentialsId: string, task: TaskRecord, roleArn: string): void {
    const { ecs } = this.#options;
    if (this.#refused.has(credentialsId)) return;
    this.#refused.add(credentialsId);
    ecs.log.warn(
      'A role can no longer be assumed for its task: does it exist, and trust ecs-tasks.amazonaws.com?',
      {
        task: task.id,
        roleArn,
      },
    );
  }

  #send(key: RecordKey, task: TaskRecord, kind: TaskRoleKind): boolean {
    const { ecs, scope, send } = this.#options;
    const roleCredentials = this.#make(key, task, kind);
    if (roleCredentials === undefined) return false;
    send({
      messageId: uuid(ecs.random),
      taskArn: taskArn(scope, task.cluster, task.id),
      roleType: roleTypes[kind],
      roleCredentials,
    });
    return true;
  }

  #lookLater(): void {
    if (this.#isOver || this.#look !== undefined) return;
    this.#look = this.#options.ecs.clock.after(lookEveryMs, () => {
      this.#look = undefined;
      this.#renew();
      if (this.#sent.size > 0) this.#lookLater();
    });
  }

  #renew(): void {
    const { ecs, containerInstanceId } = this.#options;
    const now = ecs.clock.now();
    let sent = 0;
    for (const [credentialsId, { key, kind, dueAtMs }] of [...this.#sent]) {
      const task = ecs.state.get(tasks, key);
      const isHere = task?.containerInstanceId === containerInstanceId && task.lastStatus !== 'STOPPED';
      if (!isHere) {
        this.#sent.delete(credentialsId);
        this.#refused.delete(credentialsId);
      } else if (dueAtMs <= now && sent < maxSentAtOnce && this.#send(key, task, kind)) sent += 1;
    }
  }
}

type RoleMembers = Pick<AcsTask, 'roleCredentials' | 'executionRoleCredentials'>;
