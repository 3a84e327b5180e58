import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Runtime } from '../../runtime/index.ts';
import { taskIdOf } from '../tasks/plan.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import { ExecuteCommandAgent } from './execute-command-agent.ts';
import type { SessionKeys } from './session-keys.ts';
import type { SessionTranscript } from './session-transcript.ts';
import type { SessionTranscripts } from './session-transcripts.ts';
import type { SsmMessagesClient } from './ssm-messages-api.ts';

/** One ExecuteCommandAgent for each running container of tasks with ECS Exec. */
export class ExecuteCommandAgents {
  readonly #options: ExecuteCommandAgentsOptions;
  /** By task and container. */
  readonly #agents = new Map<string, Map<string, ExecuteCommandAgent>>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: ExecuteCommandAgentsOptions) {
    this.#options = options;
  }

  /** Compares a task's running containers with the agents that there are. */
  taskChanged(owner: TaskOwner): void {
    if (this.#options.signal.aborted) return;
    for (const { name, spec, hasExecuteCommandAgent } of owner.plan.containers) {
      if (!hasExecuteCommandAgent) continue;
      const target = targetOf(owner, name);
      const agent = this.#agents.get(owner.taskArn)?.get(name);
      if (agent?.target === target) continue;
      if (agent !== undefined) this.#end(owner.taskArn, name, agent);
      if (target !== undefined) this.#begin(owner, name, spec.name, target);
    }
  }

  taskRemoved({ taskArn }: TaskOwner): void {
    for (const [name, agent] of this.#agents.get(taskArn) ?? []) this.#end(taskArn, name, agent);
  }

  /** Sessions end with the agent: nobody would read what they say. */
  async close(): Promise<void> {
    for (const [taskArn, agents] of this.#agents)
      for (const [name, agent] of agents) this.#end(taskArn, name, agent);
    await Promise.all(this.#ending);
  }

  #begin(owner: TaskOwner, name: string, runtimeName: string, target: string): void {
    const agent = new ExecuteCommandAgent({
      ...this.#options,
      target,
      runtimeName,
      transcript: (sessionId, group) => this.#transcript(owner.taskArn, sessionId, group),
      openDataKey: (encrypted, of, signal) =>
        this.#options.keys.open(encrypted, { ...of, taskArn: owner.taskArn, target }, signal),
      onConnected: () => owner.executeCommandReady(name),
    });
    const agents = this.#agents.get(owner.taskArn) ?? new Map<string, ExecuteCommandAgent>();
    this.#agents.set(owner.taskArn, agents.set(name, agent));
  }

  #transcript(taskArn: string, sessionId: string, group: string): SessionTranscript | undefined {
    const { transcripts, log } = this.#options;
    if (transcripts === undefined)
      log.warn('An exec session is to be logged, but this agent was given no address of CloudWatch Logs', {
        ...{ sessionId, group },
      });
    return transcripts?.open({ taskArn, sessionId, group });
  }

  #end(taskArn: string, name: string, agent: ExecuteCommandAgent): void {
    const agents = this.#agents.get(taskArn);
    agents?.delete(name);
    if (agents?.size === 0) this.#agents.delete(taskArn);
    const ended = agent.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

/** Undefined while the container does not run. */
function targetOf(owner: TaskOwner, name: string): string | undefined {
  const observed = owner.observed(name);
  const isOver = owner.progress.containers[name]?.outcome !== undefined;
  if (isOver || observed?.status.state !== 'running') return undefined;
  const { clusterArn, taskArn } = owner.plan;
  const cluster = clusterArn.slice(clusterArn.lastIndexOf('/') + 1);
  return `ecs:${cluster}_${taskIdOf(taskArn)}_${observed.runtimeId}`;
}

export interface ExecuteCommandAgentsOptions {
  readonly api: SsmMessagesClient;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly agentVersion: string;
  /** Absent: sessions are not logged. */
  readonly transcripts: SessionTranscripts | undefined;
  readonly keys: SessionKeys;
  readonly signal: AbortSignal;
}
