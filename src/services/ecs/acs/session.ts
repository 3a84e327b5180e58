import { uuid } from '../../../clock/index.ts';
import type { AcsTask, AcsTaskIdentifier } from '../../../protocols/acs.ts';
import type { RecordKey, Stored } from '../../../reconcile/index.ts';
import { clusterArn, clusterOfArn, containerInstanceArn, type Scope, taskArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { startDaemonsOn } from '../deployment/start-daemons.ts';
import { given } from '../given.ts';
import { keyOfTask } from '../operations/task.ts';
import {
  type ContainerInstanceRecord,
  services,
  type TaskRecord,
  taskDefinitions,
  tasks,
  wantedOfAgent,
} from '../records.ts';
import { type ProxyDuty, proxyDutyOf } from '../service-connect/proxy-payload.ts';
import { serviceKey } from '../service-lookup.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { cannotAssume } from '../task-roles.ts';
import { agentStopsTask, requestTaskStop } from '../task-state.ts';
import { type AgentConnections, type AgentSession, transactOnInstance } from './connections.ts';
import { type InboundFrame, stopCandidates, text } from './frames.ts';
import { type AgentSocket, Link } from './link.ts';
import { acsTask } from './payload.ts';
import { RoleCredentials } from './role-credentials.ts';
import { Sequence, sequenceBlock } from './sequence.ts';

/** Tasks in one message: an agent acknowledges a payload as a whole. */
const maxTasksPerPayload = 10;
/** A payload that wasn't acknowledged in this time is built afresh and sent again. */
const redeliverAfterMs = 15_000;
/** A task that ended before this has had its last words written, or never will. */
const justStoppedMs = 10 * 60_000;

export interface AcsSessionOptions {
  readonly ecs: EcsContext;
  readonly connections: AgentConnections;
  readonly scope: Scope;
  readonly instance: Stored<ContainerInstanceRecord>;
  readonly socket: AgentSocket;
  readonly signal: AbortSignal;
  readonly agent: {
    readonly versionInfo: ContainerInstanceRecord['versionInfo'];
    /** 2 and later acknowledge heartbeats. */
    readonly protocolVersion: number;
    /** Its process is new: what it kept in memory is gone. */
    readonly wantsCredentials: boolean;
  };
}

interface Delivery {
  readonly keys: readonly RecordKey[];
  /** Those among them that are to stop. */
  readonly stops: readonly RecordKey[];
}

/**
 * One agent's connection to the control plane (ACS). The session holds no desired state of its own: it notes
 * which tasks are to be looked at, and sends what their records say at that moment. On connecting it notes
 * every task that isn't STOPPED, so nothing that happened while the agent was away needs to be remembered.
 */
export class AcsSession implements AgentSession {
  readonly #options: AcsSessionOptions;
  readonly #link: Link;
  readonly #roles: RoleCredentials;
  readonly #arns: { readonly clusterArn: string; readonly containerInstanceArn: string };
  /** Tasks to be sent. */
  readonly #noted = new Set<RecordKey>();
  /** Sent and not acknowledged, by message id. */
  readonly #deliveries = new Map<string, Delivery>();
  #redelivery: Disposable | undefined;
  #sequence: Sequence | undefined;
  #isSending = false;

  constructor(options: AcsSessionOptions) {
    const { ecs, scope, instance, socket, signal, agent, connections } = options;
    this.#options = options;
    this.#arns = {
      clusterArn: clusterArn(scope, instance.value.cluster),
      containerInstanceArn: containerInstanceArn(scope, instance.value.cluster, instance.value.id),
    };
    this.#roles = new RoleCredentials({
      ...{ ecs, scope },
      containerInstanceId: instance.value.id,
      send: (message) => this.#link.send('IAMRoleCredentialsMessage', message),
    });
    this.#link = new Link({
      ecs,
      socket,
      signal,
      fields: { containerInstance: instance.key },
      expectsAnswers: agent.protocolVersion >= 2,
      onFrame: (frame) => this.#receive(frame),
      onClose: () => {
        this.#redelivery?.[Symbol.dispose]();
        this.#roles[Symbol.dispose]();
        connections.detach(instance.key, this);
      },
    });
    if (!this.#link.isOpen) return;
    connections.attach(instance.key, this);
    void this.#start();
  }

  noteTask(key: RecordKey): void {
    this.#noted.add(key);
    this.#send();
  }

  close(code: number, reason: string): void {
    this.#link.close(code, reason);
  }

  /** Marks the agent connected, then hands it everything that is wanted of it, and last what that is in total. */
  async #start(): Promise<void> {
    const { ecs, scope, instance, agent } = this.#options;
    try {
      const connected = await transactOnInstance(
        ecs,
        instance.key,
        (before) => ({
          ...before,
          agentConnected: true,
          ...given('connectedAt', before.agentConnected ? before.connectedAt : ecs.clock.now()),
          versionInfo: { ...before.versionInfo, ...agent.versionInfo },
          seqNum: before.seqNum + sequenceBlock,
          version: before.version + 1,
        }),
        (tx, after) => startDaemonsOn(tx, ecs, scope, after),
      );
      if (connected === undefined || connected.status === 'INACTIVE') {
        this.close(1008, 'The container instance was deregistered');
        return;
      }
      this.#sequence = new Sequence(ecs, instance.key, connected.seqNum);
      for (const { key } of this.#unstoppedTasks()) this.#noted.add(key);
      await this.#sendNoted(this.#sequence);
      if (agent.wantsCredentials)
        for (const { key, value } of this.#justStopped()) this.#roles.sendForLogs(key, value);
      const timeline = await this.#sequence.take();
      this.#link.send('TaskManifestMessage', {
        messageId: uuid(ecs.random),
        ...this.#arns,
        generatedAt: ecs.clock.now(),
        timeline,
        tasks: this.#unstoppedTasks().map(({ value }) => identifier(scope, value, wantedOfAgent(value))),
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Sends what is noted, as soon as the commit that noted it has told everybody. */
  #send(): void {
    const sequence = this.#sequence;
    if (sequence === undefined || this.#isSending) return;
    queueMicrotask(() => this.#sendNoted(sequence).catch((error: unknown) => this.#fail(error)));
  }

  async #sendNoted(sequence: Sequence): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#noted.size > 0 && this.#link.isOpen) {
        const seqNum = await sequence.take();
        const keys = [...this.#noted].slice(0, maxTasksPerPayload);
        for (const key of keys) this.#noted.delete(key);
        this.#deliver(keys, seqNum);
      }
    } finally {
      this.#isSending = false;
    }
  }

  #deliver(keys: readonly RecordKey[], seqNum: number): void {
    const { ecs } = this.#options;
    const sent: AcsTask[] = [];
    const delivered: RecordKey[] = [];
    const stops: RecordKey[] = [];
    for (const key of keys) {
      const task = ecs.state.get(tasks, key);
      const payload = task && task.lastStatus !== 'STOPPED' ? this.#payloadOf(key, task) : undefined;
      if (payload === undefined) continue;
      sent.push(payload);
      delivered.push(key);
      if (payload.desiredStatus === 'STOPPED') stops.push(key);
    }
    if (sent.length === 0) return;
    const messageId = uuid(ecs.random);
    this.#deliveries.set(messageId, { keys: delivered, stops });
    this.#link.send('PayloadMessage', {
      messageId,
      ...this.#arns,
      seqNum,
      generatedAt: ecs.clock.now(),
      tasks: sent,
    });
    this.#redeliverLater();
  }

  #payloadOf(key: RecordKey, task: TaskRecord): AcsTask | undefined {
    const { ecs, scope } = this.#options;
    const { family, revision } = task.taskDefinition;
    const definition = ecs.state.get(taskDefinitions, taskDefinitionKey(scope, family, revision));
    if (definition === undefined) {
      ecs.log.error('A task has no task definition: its agent is not told of it', {
        task: task.id,
        family,
        revision,
      });
      return undefined;
    }
    const { members, refusedRole } = this.#roles.ofTask(key, task);
    // No task begins without its role. One that has begun goes on with what it has.
    if (refusedRole !== undefined && task.desiredStatus === 'RUNNING') {
      if (task.connectivityAt === undefined) this.#stopUnassumable(key, refusedRole);
      return undefined;
    }
    return { ...acsTask(scope, task, definition, this.#proxyDutyOf(task)), ...members };
  }

  #stopUnassumable(key: RecordKey, roleArn: string): void {
    const { ecs } = this.#options;
    const stop = { stopCode: 'TaskFailedToStart', reason: cannotAssume(roleArn) } as const;
    ecs.state
      .transact((tx) => requestTaskStop(tx, key, { ...stop, now: ecs.clock.now() }))
      .catch((error: unknown) => this.#fail(error));
  }

  /** One timer for all: whatever is still unacknowledged when it is due is noted again. */
  #redeliverLater(): void {
    if (this.#redelivery !== undefined || !this.#link.isOpen) return;
    const due = [...this.#deliveries.keys()];
    this.#redelivery = this.#options.ecs.clock.after(redeliverAfterMs, () => {
      this.#redelivery = undefined;
      for (const messageId of due) {
        for (const key of this.#deliveries.get(messageId)?.keys ?? []) this.#noted.add(key);
        this.#deliveries.delete(messageId);
      }
      if (this.#noted.size > 0) this.#send();
      if (this.#deliveries.size > 0) this.#redeliverLater();
    });
  }

  #receive({ type, message }: InboundFrame): void {
    const { ecs, instance } = this.#options;
    switch (type) {
      case 'AckRequest':
        this.#acknowledged(text(message, 'messageId'));
        return;
      case 'NackRequest':
        ecs.log.warn('An agent refused a message', {
          containerInstance: instance.key,
          reason: text(message, 'reason'),
        });
        return;
      case 'TaskStopVerificationMessage':
        this.#link.send('TaskStopVerificationAck', {
          messageId: text(message, 'messageId'),
          generatedAt: ecs.clock.now(),
          stopTasks: stopCandidates(message)
            .filter(({ taskArn: arn }) => !this.#isWanted(arn))
            .map((candidate) => ({ ...candidate, desiredStatus: 'STOPPED' })),
        });
        return;
      case 'IAMRoleCredentialsAckRequest':
        this.#roles.acknowledged(message);
        return;
      // That anything came is all there is to a heartbeat's answer.
      case 'HeartbeatAckRequest':
        return;
      default:
        ecs.log.debug('An agent sent a message of an unknown type', {
          containerInstance: instance.key,
          type,
        });
    }
  }

  #acknowledged(messageId: string): void {
    const delivery = this.#deliveries.get(messageId);
    this.#deliveries.delete(messageId);
    if (delivery === undefined || delivery.stops.length === 0) return;
    const { ecs } = this.#options;
    const now = ecs.clock.now();
    ecs.state
      .transact((tx) => {
        for (const key of delivery.stops) agentStopsTask(tx, key, now);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** Asked about a task that the manifest didn't name: it stays only if the store wants it here. */
  #isWanted(arn: string): boolean {
    const { ecs, scope, instance } = this.#options;
    // A Fargate host has tasks of other clusters, whose ARNs say so.
    const key = keyOfTaskArn(scope, clusterOfArn(arn) ?? instance.value.cluster, arn);
    const task = key && ecs.state.get(tasks, key);
    return task?.containerInstanceId === instance.value.id && wantedOfAgent(task) === 'RUNNING';
  }

  /** Of the deployment by which it was launched, for as long as that is there; an agent that has the task needs it no more. */
  #proxyDutyOf({ cluster, service }: TaskRecord): ProxyDuty | undefined {
    const { ecs, scope } = this.#options;
    const record = service && ecs.state.get(services, serviceKey(scope, cluster, service.name));
    return proxyDutyOf(record?.deployments.find(({ id }) => id === service?.deploymentId));
  }

  #unstoppedTasks(): readonly Stored<TaskRecord>[] {
    return this.#options.ecs.state.byIndex(tasks, 'unstoppedByInstance', this.#within());
  }

  #justStopped(): readonly Stored<TaskRecord>[] {
    const { ecs } = this.#options;
    const since = ecs.clock.now() - justStoppedMs;
    return ecs.state
      .byIndex(tasks, 'byInstance', this.#within())
      .filter(({ value }) => value.lastStatus === 'STOPPED' && (value.stoppedAt ?? 0) >= since);
  }

  /** As the indexes by instance have it. */
  #within(): string {
    const { scope, instance } = this.#options;
    const { cluster, id } = instance.value;
    return `${scope.accountId}/${scope.region}/${cluster}/${id}`;
  }

  /** The agent reconnects and begins afresh, which puts right whatever was left undone. */
  #fail(error: unknown): void {
    if (!this.#link.isOpen) return;
    this.#options.ecs.log.error('An agent session failed', {
      containerInstance: this.#options.instance.key,
      error,
    });
    this.close(1011, 'Internal error');
  }
}

function identifier(
  scope: Scope,
  task: TaskRecord,
  desiredStatus: AcsTaskIdentifier['desiredStatus'],
): AcsTaskIdentifier {
  return {
    taskArn: taskArn(scope, task.cluster, task.id),
    taskClusterArn: clusterArn(scope, task.cluster),
    desiredStatus,
  };
}

function keyOfTaskArn(scope: Scope, cluster: string, arn: string): RecordKey | undefined {
  try {
    return keyOfTask(scope, cluster, arn);
  } catch {
    return undefined; // Not an ARN of a task at all.
  }
}
