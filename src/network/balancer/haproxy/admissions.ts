import type { ObservedHealth, TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import { targetKey } from '../targets.ts';
import { probeSlots } from './slots.ts';
import { type CheckResult, isInMaintenance, probeResult, type ServerStatistics } from './statistics.ts';

/** While a target's first checks fail, until they have failed often enough. */
const retryMs = 1_000;

interface Candidate {
  failures: number;
  askAt: number;
  last?: CheckResult;
  /** The server that asks it, from 1. */
  probe?: number;
}

/**
 * Which targets of a group have passed their first check at a node: those take traffic, and HAProxy alone looks after them
 * from then on. The others are candidates: each is asked by itself, until it answers well once.
 */
export class Admissions {
  readonly #admitted = new Set<string>();
  readonly #candidates = new Map<string, Candidate>();

  isAdmitted(key: string): boolean {
    return this.#admitted.has(key);
  }

  admit(key: string): void {
    this.#candidates.delete(key);
    this.#admitted.add(key);
  }

  /** It has to pass its first check anew; that it is not well is known already. */
  dismiss(key: string, last: CheckResult, failures: number): void {
    if (this.#admitted.delete(key)) this.#candidates.set(key, { failures, askAt: 0, last });
  }

  /** Nobody is being asked: another process is. */
  forgetProbes(): void {
    for (const candidate of this.#candidates.values()) delete candidate.probe;
  }

  get hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  healthOf(key: string, { healthCheck }: TargetGroupPlan): ObservedHealth {
    const candidate = this.#candidates.get(key);
    return candidate?.last?.state === 'unhealthy' && candidate.failures >= healthCheck.unhealthyThreshold
      ? candidate.last
      : { state: 'initial' };
  }

  /** Those that the node doesn't use any more are forgotten; new ones become candidates. */
  follow(targets: readonly TargetPlan[]): void {
    const byKey = new Set(targets.map(targetKey));
    for (const known of [this.#admitted, this.#candidates]) {
      for (const key of known.keys()) if (!byKey.has(key)) known.delete(key);
    }
    for (const key of byKey) {
      if (!this.#admitted.has(key) && !this.#candidates.has(key)) {
        this.#candidates.set(key, { failures: 0, askAt: 0 });
      }
    }
  }

  /**
   * Reads what the probes found, and asks whose turn it is.
   * @param now Monotonic milliseconds.
   * @returns commands for HAProxy.
   */
  step(group: TargetGroupPlan, actual: ReadonlyMap<string, ServerStatistics>, now: number): string[] {
    const { interval, unhealthyThreshold } = group.healthCheck;
    const commands: string[] = [];
    const free = new Set<number>();
    const asking = new Map(
      this.#candidates.entries().flatMap(([key, { probe }]) => (probe === undefined ? [] : [[probe, key]])),
    );
    for (let probe = 1; probe <= probeSlots; probe += 1) {
      const name = probeName(group, probe);
      const known = actual.get(name);
      if (known === undefined) continue;
      const key = asking.get(probe);
      const candidate = key === undefined ? undefined : this.#candidates.get(key);
      const result = candidate === undefined ? undefined : probeResult(known);
      if (candidate !== undefined && result === undefined && !isInMaintenance(known)) continue;
      free.add(probe);
      if (!isInMaintenance(known)) commands.push(`set server ${name} state maint`);
      if (key === undefined || candidate === undefined) continue;
      delete candidate.probe;
      if (result === undefined) continue;
      if (result.state === 'healthy') {
        this.admit(key);
        continue;
      }
      candidate.last = result;
      candidate.failures += 1;
      candidate.askAt = now + (candidate.failures < unhealthyThreshold ? retryMs : interval * 1_000);
    }
    for (const target of group.targets) {
      const candidate = this.#candidates.get(targetKey(target));
      const [probe] = free;
      if (probe === undefined) break;
      if (candidate === undefined || candidate.probe !== undefined || candidate.askAt > now) continue;
      free.delete(probe);
      candidate.probe = probe;
      const name = probeName(group, probe);
      commands.push(
        `set server ${name} addr ${target.address} port ${target.port}`,
        `set server ${name} state ready`,
      );
    }
    return commands;
  }
}

function probeName({ id }: TargetGroupPlan, probe: number): string {
  return `p-${id}/p${probe}`;
}
