import type { RecordKey } from '../../../reconcile/index.ts';
import type { TaskMetric } from '../acs/frames.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type TaskUse, utilizationPoints } from './points.ts';

const minuteMs = 60_000;
/** After the minute, for what was measured in it to have come. Before alarms are evaluated over it. */
const settlingMs = 5_000;

interface Sums {
  count: number;
  cpuPercent: number;
  memoryMiB: number;
}

interface Minute {
  readonly scope: Scope;
  readonly start: number;
  readonly tasks: Map<RecordKey, Sums>;
}

/**
 * Gathers what agents say that tasks use, and gives it to CloudWatch a minute at a time. It is kept in memory only:
 * the end of the process loses the minute that has begun. Where nothing comes in, nothing is waited for.
 */
export class Utilization {
  readonly #ecs: EcsContext;
  readonly #minutes = new Map<string, Minute>();
  #timer: Disposable | undefined;
  #sessions = 0;

  constructor(ecs: EcsContext) {
    this.#ecs = ecs;
  }

  opened(): void {
    this.#sessions += 1;
  }

  /** With the last agent's connection ends what can be known of the minute. */
  closed(): void {
    this.#sessions -= 1;
    if (this.#sessions === 0) this.#publish(Number.POSITIVE_INFINITY);
  }

  take(scope: Scope, key: RecordKey, { containers }: TaskMetric): void {
    const now = this.#ecs.clock.now();
    const start = now - (now % minuteMs);
    const id = `${scope.accountId}/${scope.region}/${start}`;
    const minute: Minute = this.#minutes.get(id) ?? { scope, start, tasks: new Map() };
    this.#minutes.set(id, minute);
    const sums = minute.tasks.get(key) ?? { count: 0, cpuPercent: 0, memoryMiB: 0 };
    minute.tasks.set(key, sums);
    sums.count += 1;
    for (const { cpu, memory } of containers) {
      sums.cpuPercent += cpu.sum / cpu.sampleCount;
      sums.memoryMiB += memory.sum / memory.sampleCount;
    }
    if (this.#timer === undefined) this.#publishAfter(start);
  }

  #publishAfter(start: number): void {
    const { clock } = this.#ecs;
    const dueAt = start + minuteMs + settlingMs;
    this.#timer = clock.after(Math.max(0, dueAt - clock.now()), () => this.#publish(start));
  }

  /** Publishes the minutes that began at this time or earlier. */
  #publish(until: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const [id, { scope, start, tasks }] of this.#minutes) {
      if (start > until) continue;
      this.#minutes.delete(id);
      const uses = new Map([...tasks].map(([key, sums]) => [key, mean(sums)] as const));
      const points = utilizationPoints(this.#ecs.state, scope, uses, start);
      this.#ecs.publishMetrics(scope, points).catch((error: unknown) => {
        this.#ecs.log.error('Cannot publish the utilization of a minute', { error });
      });
    }
    const [next] = this.#minutes.values();
    if (next !== undefined) this.#publishAfter(next.start);
  }
}

const mean = ({ count, cpuPercent, memoryMiB }: Sums): TaskUse => ({
  cpuPercent: cpuPercent / count,
  memoryMiB: memoryMiB / count,
});
