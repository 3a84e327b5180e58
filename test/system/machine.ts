import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ECSClient } from '@aws-sdk/client-ecs';
import { type Clock, type Random, seededRandom } from '../../src/clock/index.ts';
import type { Log } from '../../src/log.ts';
import { type Agent, startAgent } from '../../src/node/index.ts';
import type { ContainerSpec } from '../../src/runtime/index.ts';
import {
  SimEngine,
  type SimFailures,
  type SimLatency,
  type SimProgram,
  SimRuntime,
} from '../../src/runtime/sim/index.ts';
import { Mortal } from './mortal.ts';
import { signByClock } from './sign-by-clock.ts';

export interface MachineOptions {
  readonly name: string;
  readonly seed: string;
  readonly directory: string;
  readonly endpoint: string;
  readonly region: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly programs: (spec: ContainerSpec) => SimProgram;
  readonly latency: Partial<SimLatency>;
  readonly failures: Partial<SimFailures>;
  /** An access key of the account, for one agent only; revoked when that agent is killed. */
  issueKey(name: string): Key;
}

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  revoke(): void;
}

interface Life {
  readonly agent: Promise<Agent>;
  readonly mortal: Mortal;
  readonly key: Key;
  readonly directory: string;
}

/** A simulated computer with one container instance: an engine that stays, and agents that come and go. */
export class TestMachine {
  readonly name: string;
  readonly engine: SimEngine;
  readonly #options: MachineOptions;
  #generation = 0;
  #life: Life | undefined;
  readonly #dead: Promise<unknown>[] = [];

  constructor(options: MachineOptions) {
    const { name, seed, clock, programs, latency, failures } = options;
    this.name = name;
    this.#options = options;
    this.engine = new SimEngine({
      clock,
      random: this.#random(`${seed}/engine`),
      latency,
      failures,
      programs,
      registry: (reference) =>
        reference.startsWith('nowhere')
          ? undefined
          : { id: `sha256:${reference}`, digest: `sha256:${reference}`, exposedPorts: [], env: {} },
    });
  }

  get hasAgent(): boolean {
    return this.#life !== undefined;
  }

  /** Starts the agent; on what an earlier one left, if there was one. */
  async start(): Promise<Agent> {
    const { endpoint, region, clock, log, seed, issueKey, directory } = this.#options;
    this.#generation += 1;
    const mortal = new Mortal();
    const key = issueKey(`${this.name}/${this.#generation}`);
    const stateDirectory = join(directory, `${this.name}-${this.#generation}`);
    const credentials = { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
    const ecsClient = new ECSClient({ endpoint, region, credentials, maxAttempts: 1 });
    signByClock(ecsClient.config, clock);
    const agent = startAgent({
      ...{ endpoint, region, credentials, ecsClient },
      cluster: 'default',
      instance: {
        id: this.name,
        resources: { cpuUnits: 2048, memoryMiB: 4096, reservedTcpPorts: [22], reservedUdpPorts: [] },
        address: '127.0.0.1',
      },
      stateDirectory,
      runtime: mortal.runtime(new SimRuntime(this.engine)),
      clock: mortal.clock(clock),
      random: this.#random(`${seed}/agent/${this.#generation}`),
      log,
      signal: mortal.signal,
      logs: { endpoint },
      settings: { logFlushIntervalMs: 100 },
    });
    this.#life = { agent, mortal, key, directory: stateDirectory };
    return agent;
  }

  /** `kill -9` of the agent, at this instant of whatever it is doing. Its disk stays as it is. */
  crash(): void {
    const life = this.#takeLife();
    const next = join(this.#options.directory, `${this.name}-${this.#generation + 1}`);
    cpSync(life.directory, next, { recursive: true });
    life.key.revoke();
    life.mortal.die();
    this.#dead.push(life.agent.catch(() => undefined));
  }

  /** Ends the agent in order; a next one adopts what runs. */
  async close(): Promise<void> {
    if (this.#life === undefined) return;
    const life = this.#takeLife();
    await (await life.agent).close();
    const next = join(this.#options.directory, `${this.name}-${this.#generation + 1}`);
    cpSync(life.directory, next, { recursive: true });
  }

  /** ARNs of the tasks of all running containers, one for each container. */
  runningTasks(): string[] {
    return this.engine
      .containers({})
      .flatMap((container) =>
        container.isRunning ? [container.spec.labels['com.amazonaws.ecs.task-arn'] ?? 'of no task'] : [],
      );
  }

  containersOf(taskArn: string) {
    return this.engine.containers({ 'com.amazonaws.ecs.task-arn': taskArn });
  }

  #takeLife(): Life {
    if (this.#life === undefined) throw new Error(`No agent runs on ${this.name}`);
    const life = this.#life;
    this.#life = undefined;
    return life;
  }

  #random(seed: string): Random {
    return seededRandom(`${seed}/${this.name}`);
  }
}
