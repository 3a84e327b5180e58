import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  instanceClusterOf,
  scopeOf,
  type TaskRecord,
  tasks,
  wantedOfAgent,
} from '../records.ts';

/**
 * An agent that is gone for less than this was only reconnecting, as agents do several times an hour: launches
 * meanwhile are written and handed over when it is back.
 */
const disconnectGraceMs = 3_000;
/** After a start of the control plane, agents have this long to come back before they count as disconnected. */
const startGraceMs = 30_000;

/** What the registry needs of a session. */
export interface AgentSession {
  /** Its instance has a task that is new or is to be stopped. */
  noteTask(key: RecordKey): void;
  close(code: number, reason: string): void;
}

/**
 * Which agents are connected now. It keeps `agentConnected` true to that, and tells each session what has
 * changed for its instance: one subscription for all, so that a change finds its agent by one look-up.
 */
export class AgentConnections {
  readonly #ecs: EcsContext;
  readonly #sessions = new Map<RecordKey, AgentSession>();

  constructor(ecs: EcsContext) {
    this.#ecs = ecs;
    ecs.state.subscribe(tasks, ({ key, before, after }) => {
      if (after !== undefined && concernsAgent(before, after))
        this.#sessions.get(instanceKeyOfTask(key, after))?.noteTask(key);
    });
    ecs.state.subscribe(containerInstances, ({ key, before, after }) => {
      const isGone = after === undefined || (after.status === 'INACTIVE' && before?.status !== 'INACTIVE');
      if (isGone) this.#sessions.get(key)?.close(1008, 'The container instance was deregistered');
    });
    ecs.clock.after(startGraceMs, () => {
      for (const { key, value } of ecs.state.list(containerInstances)) {
        if (value.agentConnected && !this.#sessions.has(key)) void this.#disconnect(key);
      }
    });
  }

  /** From now on this is the instance's session; an older one is closed. */
  attach(key: RecordKey, session: AgentSession): void {
    const older = this.#sessions.get(key);
    this.#sessions.set(key, session);
    // Not a code that brings an agent back at once: two with one identity would chase each other for ever.
    older?.close(1008, 'The agent has opened a newer connection');
  }

  detach(key: RecordKey, session: AgentSession): void {
    if (this.#sessions.get(key) !== session) return;
    this.#sessions.delete(key);
    this.#ecs.clock.after(disconnectGraceMs, () => void this.#disconnect(key));
  }

  /** Marks an instance's agent as gone unless it is back. Tasks stay as they are: they run without us. */
  async #disconnect(key: RecordKey): Promise<void> {
    try {
      await transactOnInstance(this.#ecs, key, (instance) =>
        this.#sessions.has(key) || !instance.agentConnected
          ? instance
          : { ...instance, agentConnected: false, version: instance.version + 1 },
      );
    } catch (error) {
      // The next start looks at all instances again.
      this.#ecs.log.warn('Cannot mark a container instance as disconnected', { key, error });
    }
  }
}

/** Changes an instance's record, and what goes with that, in its cluster's turn. @returns what was written. */
export function transactOnInstance(
  ecs: EcsContext,
  key: RecordKey,
  change: (instance: ContainerInstanceRecord) => ContainerInstanceRecord,
  goesWith: (tx: Transaction, after: ContainerInstanceRecord) => void = () => {},
): Promise<ContainerInstanceRecord | undefined> {
  const [, , accountId = '', region = '', , cluster = ''] = key.split('/');
  return transactInTurn(ecs, { accountId, region }, cluster, (tx) => {
    const instance = tx.get(containerInstances, key);
    if (instance === undefined) return undefined;
    const after = change(instance);
    if (after !== instance) tx.put(containerInstances, key, after);
    goesWith(tx, after);
    return after;
  });
}

/** Agents hear of tasks that are new to them and of tasks that are to stop; all else they have told us themselves. */
function concernsAgent(before: TaskRecord | undefined, after: TaskRecord): boolean {
  return (
    after.lastStatus !== 'STOPPED' &&
    ((before && wantedOfAgent(before)) !== wantedOfAgent(after) ||
      before?.containerInstanceId !== after.containerInstanceId)
  );
}

function instanceKeyOfTask(key: RecordKey, task: TaskRecord): RecordKey {
  const { service, noun } = containerInstances;
  const place = `${instanceClusterOf(task)}/${task.containerInstanceId ?? ''}`;
  return `/${service}/${scopeOf(key)}/${noun}/${place}` as RecordKey;
}
