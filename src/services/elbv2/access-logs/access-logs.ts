import type { LogReport } from '../../../balancing/index.ts';
import { alphanumeric, type Clock, type Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { RecordChange, State } from '../../../reconcile/index.ts';
import { type Scope, scopeOfArn } from '../arn.ts';
import { findLoadBalancer } from '../context.ts';
import { type LoadBalancerRecord, loadBalancers, scopeText } from '../records.ts';
import type { BucketFolders } from './bucket-folders.ts';
import { accessLogLine } from './lines.ts';
import { isSamePlace, type LogPlace, logKey, logPlaceOf } from './places.ts';
import { type RecentLine, RecentLines } from './recent-lines.ts';
import { Spool } from './spool.ts';

/** "Elastic Load Balancing publishes a log file for each load balancer node every 5 minutes." */
const storeEveryMs = 300_000;
/** A node that has more is stored at once: "the load balancer can deliver multiple logs for the same period". */
const mostSpooledBytes = 64 * 1024 * 1024;

export interface AccessLogsOptions {
  readonly state: State;
  readonly buckets: BucketFolders;
  /** For what is not stored yet. */
  readonly spoolDirectory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The access logs of load balancers: what data planes tell becomes lines in AWS's format, which wait in a file for each
 * node, and every five minutes objects in the load balancer's bucket. Also when it is deleted or its logs go elsewhere.
 */
export class AccessLogs implements AsyncDisposable {
  readonly #options: AccessLogsOptions;
  readonly #spool: Spool;
  /** By the load balancer's ARN. */
  readonly #recent = new Map<string, RecentLines>();
  readonly #listeners = new Set<() => void>();
  readonly #open = new DisposableStack();
  #timer: Disposable | undefined;
  #hasFailed = false;

  constructor(options: AccessLogsOptions) {
    this.#options = options;
    this.#spool = new Spool(options.spoolDirectory);
    this.#open.use(options.state.subscribe(loadBalancers, (change) => this.#onChange(change)));
    this.#open.defer(() => this.#timer?.[Symbol.dispose]());
    this.#tried(() => this.#forgetLeftovers());
    if (this.#spool.balancerIds().length > 0) this.#storeLater();
  }

  /** Never throws: what can't be written is lost, and said once. */
  logged(loadBalancerArn: string, { interfaceId, entries }: LogReport): void {
    const balancer = findLoadBalancer(this.#options.state, scopeOfArn(loadBalancerArn), loadBalancerArn);
    const place = balancer && logPlaceOf(balancer);
    if (balancer === undefined || place === undefined) return;
    const lines = entries.map((entry) => accessLogLine(entry, balancer));
    this.#recentOf(loadBalancerArn).add(lines);
    for (const tell of this.#listeners) tell();
    this.#tried(() => {
      const text = lines.map((line) => `${line}\n`).join('');
      const bytes = this.#spool.append(balancer.id, interfaceId, text);
      this.#storeLater();
      if (bytes < mostSpooledBytes) return;
      this.#take(balancer, place, interfaceId);
      void this.#options.buckets.settle();
    });
  }

  /** A load balancer by its name or ARN; undefined: there is none. */
  find(scope: Scope, name: string): { readonly arn: string; readonly isLogged: boolean } | undefined {
    const { state } = this.#options;
    const found = state
      .byIndex(loadBalancers, 'scope', scopeText(scope))
      .find(({ value }) => value.name === name || value.arn === name)?.value;
    return found && { arn: found.arn, isLogged: logPlaceOf(found) !== undefined };
  }

  /** The sequence of the last line that a load balancer has logged since this process began; 0: none. */
  last(loadBalancerArn: string): number {
    return this.#recent.get(loadBalancerArn)?.last ?? 0;
  }

  /** Those after a sequence, the oldest first, as far as they are still known. */
  read(loadBalancerArn: string, after: number, limit: number): readonly RecentLine[] {
    return this.#recent.get(loadBalancerArn)?.after(after, limit) ?? [];
  }

  /** Told of every report. */
  onLogged(told: () => void): Disposable {
    this.#listeners.add(told);
    return { [Symbol.dispose]: () => void this.#listeners.delete(told) };
  }

  /** What waits, waits for the next process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.dispose();
    await this.#options.buckets.settle();
  }

  #recentOf(arn: string): RecentLines {
    const known = this.#recent.get(arn) ?? new RecentLines();
    this.#recent.set(arn, known);
    return known;
  }

  #onChange({ before, after }: RecordChange<LoadBalancerRecord>): void {
    const place = before && logPlaceOf(before);
    if (after === undefined && before !== undefined) this.#recent.delete(before.arn);
    if (before === undefined || place === undefined || isSamePlace(place, after && logPlaceOf(after))) return;
    this.#tried(() => this.#takeAll(before, place));
    void this.#options.buckets.settle();
  }

  #storeLater(): void {
    const { clock } = this.#options;
    const end = this.#endOfInterval();
    this.#timer ??= clock.after(end - clock.now(), () => {
      this.#timer = undefined;
      this.#hasFailed = false;
      for (const { value } of this.#options.state.list(loadBalancers)) {
        const place = logPlaceOf(value);
        if (place !== undefined) this.#tried(() => this.#takeAll(value, place, end));
      }
      void this.#options.buckets.settle();
    });
  }

  /** Of an earlier process's. Those of load balancers that are gone or not logged any more have no place. */
  #forgetLeftovers(): void {
    const logged = [...this.#options.state.list(loadBalancers)]
      .filter(({ value }) => logPlaceOf(value) !== undefined)
      .map(({ value }) => value.id);
    for (const id of this.#spool.balancerIds()) if (!logged.includes(id)) this.#spool.remove(id);
  }

  #takeAll(balancer: LoadBalancerRecord, place: LogPlace, endedAt?: number): void {
    for (const interfaceId of this.#spool.interfaceIds(balancer.id))
      this.#take(balancer, place, interfaceId, endedAt);
    this.#spool.remove(balancer.id);
  }

  #take(
    balancer: LoadBalancerRecord,
    place: LogPlace,
    interfaceId: string,
    endedAt = this.#endOfInterval(),
  ): void {
    const { buckets, random } = this.#options;
    const node = balancer.nodes.find((each) => each.interfaceId === interfaceId) ?? {
      privateIpv4: interfaceId,
    };
    const suffix = alphanumeric(random, 8).toLowerCase();
    const key = logKey(place, scopeOfArn(balancer.arn), balancer, node, endedAt, suffix);
    buckets.take(this.#spool.path(balancer.id, interfaceId), place.bucket, key);
    this.#spool.forget(balancer.id, interfaceId);
  }

  /** Of the five minutes that have begun, which end at a full minute. */
  #endOfInterval(): number {
    const now = this.#options.clock.now();
    return now - (now % storeEveryMs) + storeEveryMs;
  }

  #tried(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!this.#hasFailed)
        this.#options.log.error('Load balancers’ logs cannot be written; some of them are lost', { error });
      this.#hasFailed = true;
    }
  }
}
