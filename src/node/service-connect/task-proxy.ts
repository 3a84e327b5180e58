import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock/index.ts';
import type { TcsServiceConnectMetrics } from '../../protocols/index.ts';
import { askProxy } from './admin-socket.ts';
import type { DiscoveryPlace } from './discovery-api.ts';
import { type Endpoint, readServers, serverCommands } from './endpoints.ts';
import { configFile, proxyConfig, socketFile } from './proxy-config.ts';
import type { ProxyPlan } from './proxy-plan.ts';
import { type ProxyCounts, proxyMetrics, readCounts, statisticsCommand } from './proxy-statistics.ts';

const startPatienceMs = 10_000;
const startPauseMs = 20;

/** Where a task's proxy has its configuration and its socket. */
export const proxyDirectoryOf = (directory: string, taskId: string): string => join(directory, taskId);

/** One task's proxy, seen from outside: its directory, which the proxy has mounted, and the socket in there. */
export class TaskProxy {
  readonly plan: ProxyPlan;
  readonly #directory: string;
  readonly #clock: Clock;
  /** What its servers have been made by; a list by list, compared by identity. */
  #applied: readonly (readonly Endpoint[] | undefined)[] = [];
  /** Something of it could not be done yet. */
  #isUnsettled = true;
  #counts: ProxyCounts | undefined;
  /** One change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(plan: ProxyPlan, directory: string, clock: Clock) {
    this.plan = plan;
    this.#directory = directory;
    this.#clock = clock;
  }

  get places(): readonly DiscoveryPlace[] {
    const { namespace, outbound } = this.plan;
    return outbound.map(({ discoveryName }) => ({ namespace, service: discoveryName }));
  }

  /** Writes the configuration, in one step. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, configFile);
    await writeFile(`${path}.new`, proxyConfig(this.plan), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** Waits until it listens. @throws {Error} it does not. */
  async started(signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    const deadline = clock.monotonic() + startPatienceMs;
    for (;;) {
      try {
        await this.#ask('show version');
        return;
      } catch (error) {
        if (clock.monotonic() > deadline)
          throw new Error('The Service Connect proxy does not listen', { cause: error });
        await clock.sleep(startPauseMs, signal);
      }
    }
  }

  /**
   * Makes its servers those that `endpoints` names, and leaves alone what it names none for.
   * @throws {Error} it does not answer.
   */
  apply(endpoints: (place: DiscoveryPlace) => readonly Endpoint[] | undefined): Promise<void> {
    const turn = this.#turn.then(() => this.#apply(this.places.map(endpoints)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #apply(wanted: readonly (readonly Endpoint[] | undefined)[]): Promise<void> {
    const isSame = wanted.every((list, index) => list === this.#applied[index]);
    if ((isSame && !this.#isUnsettled) || wanted.length === 0) return;
    this.#isUnsettled = true;
    const servers = readServers(await this.#ask('show servers state'));
    let isSettled = true;
    for (const [index, listener] of this.plan.outbound.entries()) {
      const endpoints = wanted[index];
      if (endpoints === undefined) continue;
      for (const command of serverCommands(listener, servers, endpoints))
        for (const text of command.commands) isSettled = succeeded(await this.#ask(text)) && isSettled;
    }
    this.#applied = wanted;
    this.#isUnsettled = !isSettled;
  }

  /** What has gone through it since this was last asked; nothing the first time. @throws {Error} it does not answer. */
  async metrics(): Promise<readonly TcsServiceConnectMetrics[]> {
    const before = this.#counts;
    const counts = readCounts(await this.#ask(statisticsCommand));
    this.#counts = counts;
    return before === undefined ? [] : proxyMetrics(this.plan, before, counts);
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #ask(command: string): Promise<string> {
    return askProxy(this.#clock, this.#directory, socketFile, command);
  }
}

/** The runtime API says nothing where there is nothing to say, and one of these where something is done. */
const succeeded = (answer: string): boolean => /^\s*$|registered|deleted/i.test(answer);
