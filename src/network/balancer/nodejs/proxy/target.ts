import type { ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import {
  type GroupCounts,
  noGroupCounts,
  type ObservedHealth,
  type TargetGroupPlan,
  type TargetPlan,
} from '../../../../balancing/index.ts';
import type { Clock } from '../../../../clock/index.ts';
import { Agent } from '../../../../http.ts';
import type { Observation } from '../../targets.ts';
import { checkTarget } from './check.ts';
import type { Connections } from './connections.ts';
import type { Dial } from './dial.ts';
import { afterCheck, type CheckedHealth, checkAgainAfter } from './health.ts';

export interface TargetParts {
  readonly dial: Dial;
  /** Those that are open to targets. */
  readonly connections: Connections;
  readonly clock: Clock;
}

/** What a target group's targets did, all together; it only grows. */
export class GroupMeter {
  counts: GroupCounts = noGroupCounts;

  count(name: keyof GroupCounts): void {
    this.counts = { ...this.counts, [name]: this.counts[name] + 1 };
  }
}

/** A target as a node knows it: its health, which it looks after, and what it has still to answer. */
export class Target implements Disposable {
  plan: TargetPlan;
  readonly group: () => TargetGroupPlan;
  readonly meter: GroupMeter;
  /** Keeps connections of HTTP for further requests. */
  readonly agent: TargetAgent;
  readonly #parts: TargetParts;
  readonly #ending = new AbortController();
  /** Ends what it has to answer. */
  readonly #under = new Set<() => void>();
  #checked: CheckedHealth;
  #healthySince: number | undefined;

  constructor(
    plan: TargetPlan,
    group: () => TargetGroupPlan,
    meter: GroupMeter,
    parts: TargetParts,
    known: ObservedHealth = { state: 'initial' },
  ) {
    this.plan = plan;
    this.group = group;
    this.meter = meter;
    this.#parts = parts;
    this.#checked = { health: known, against: 0 };
    this.agent = new TargetAgent(this);
    void this.#check();
  }

  get health(): ObservedHealth {
    return this.#checked.health;
  }

  get outstanding(): number {
    return this.#under.size;
  }

  observation(): Observation {
    return { health: this.health, outstanding: this.outstanding };
  }

  /** 0 to 1: it gets as much of its share while it starts slowly. */
  get share(): number {
    const { slowStart } = this.group();
    if (slowStart === 0 || this.#healthySince === undefined) return 1;
    return Math.min(1, (this.#parts.clock.monotonic() - this.#healthySince) / (slowStart * 1_000));
  }

  /** Something that it has to answer. @param end Ends it early. @returns to be called once it is over. */
  begin(end: () => void): () => void {
    this.meter.count('requests');
    this.#under.add(end);
    return () => void this.#under.delete(end);
  }

  /** A new connection, secured where the group's protocol is. @param servername The name that it asks for then. */
  stream(servername?: string): Duplex {
    const socket = this.connect();
    if (this.group().protocol !== 'HTTPS') return socket;
    return connectTls({
      ...{ socket, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] },
      ...(servername === undefined ? {} : { servername }),
    });
  }

  connect(): Socket {
    const { dial, connections } = this.#parts;
    const socket = dial(this.plan.address, this.plan.port);
    socket.setNoDelay(true);
    connections.add(socket);
    const failed = (): void => this.meter.count('connectionErrors');
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      this.meter.count('newConnections');
    });
    return socket;
  }

  /** It is a target no more. @param isEnd What it has still to answer ends as well. */
  leave(isEnd: boolean): void {
    this[Symbol.dispose]();
    if (isEnd) for (const end of this.#under) end();
  }

  [Symbol.dispose](): void {
    this.#ending.abort(new Error('It is a target no more'));
    this.agent.destroy();
  }

  async #check(): Promise<void> {
    const { dial, clock } = this.#parts;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      // One that drains is not asked any more.
      if (!this.plan.isDraining) {
        const { healthCheck } = this.group();
        const result = await checkTarget(healthCheck, this.plan, dial, clock);
        const before = this.health.state;
        this.#checked = afterCheck(this.#checked, result, healthCheck);
        if (this.health.state === 'healthy' && before !== 'healthy') {
          this.#healthySince = clock.monotonic();
        }
      }
      try {
        await clock.sleep(checkAgainAfter(this.#checked, this.group().healthCheck) * 1_000, signal);
      } catch {
        return;
      }
    }
  }
}

/** Connections to one target, which are all the same but for the name that a secured one asks for. */
class TargetAgent extends Agent {
  readonly #target: Target;

  constructor(target: Target) {
    super({ keepAlive: true });
    this.#target = target;
  }

  override getName(options: ClientRequestArgs & { readonly servername?: string } = {}): string {
    return options.servername ?? '';
  }

  override createConnection(options: ClientRequestArgs & { readonly servername?: string }): Duplex {
    return this.#target.stream(options.servername);
  }
}
