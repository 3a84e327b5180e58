import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACM } from '@aws-sdk/client-acm';
import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EC2 } from '@aws-sdk/client-ec2';
import { type ContainerDefinition, ECS, type Service, type Task } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { STS } from '@aws-sdk/client-sts';
import { alphanumeric, type Clock, digits, seededRandom } from '../../src/clock/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/composition/control-plane.ts';
import { type RecordingLog, recordingLog } from '../../src/log.ts';
import type { ContainerSpec } from '../../src/runtime/index.ts';
import {
  noLatency,
  type SimFailures,
  type SimLatency,
  type SimProgram,
} from '../../src/runtime/sim/index.ts';
import { createSealer, sealingKeyBytes } from '../../src/sealing/index.ts';
import { MemoryMetricStore } from '../../src/services/cloudwatch/index.ts';
import { MemoryEventLog } from '../../src/services/events/index.ts';
import { MemoryEventStore } from '../../src/services/logs/index.ts';
import { type Credentials, rootPrincipal } from '../../src/services/service.ts';
import { openMemoryStore, type Store } from '../../src/store/index.ts';
import { fastClock } from './fast-clock.ts';
import { type Key, TestMachine } from './machine.ts';
import { Mortal } from './mortal.ts';
import { programOf } from './programs.ts';
import { signByClock } from './sign-by-clock.ts';

export interface SystemOptions {
  /** Of ids, back-offs and simulated latencies. */
  readonly seed: number | string;
  /** Machines, each with a container instance of 2048 CPU units and 4096 MiB in the cluster `default`. Default 1. */
  readonly instances?: number;
  readonly programs?: (spec: ContainerSpec) => SimProgram;
  readonly latency?: Partial<SimLatency>;
  readonly failures?: Partial<SimFailures>;
  /** How many times faster than real time. Default 10. */
  readonly speed?: number;
  /** Default: a store in memory. It is closed with the system. */
  readonly openStore?: (clock: Clock) => Promise<Store>;
}

const region = 'eu-west-1';

/**
 * Catamaran in one process as its users meet it: real HTTP and WebSockets on loopback, real services and agents,
 * an account of its own; only the machines' engines are simulated, and time runs faster.
 */
export class System implements AsyncDisposable {
  readonly accountId: string;
  readonly clock: Clock;
  readonly log: RecordingLog = recordingLog();
  readonly store: Store;
  readonly machines: TestMachine[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'catamaran-system-'));
  /** Nobody else's: while the control plane is away, no other test takes its port. */
  readonly #host = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  readonly #options: SystemOptions;
  readonly #events = new MemoryEventStore();
  readonly #metrics = new MemoryMetricStore();
  readonly eventLog = new MemoryEventLog();
  readonly #keys = new Map<string, Credentials>();
  readonly #sealer = createSealer(new Uint8Array(sealingKeyBytes), seededRandom('sealer'));
  readonly #key: Key;
  #plane: ControlPlane | undefined;
  #mortal = new Mortal();
  #starts = 0;
  #clients:
    | {
        readonly ecs: ECS;
        readonly logs: CloudWatchLogs;
        readonly ec2: EC2;
        readonly cloudWatch: CloudWatch;
        readonly cloudMap: ServiceDiscovery;
        readonly autoScaling: ApplicationAutoScaling;
        readonly elb: ElasticLoadBalancingV2;
        readonly acm: ACM;
        readonly iam: IAM;
        readonly sts: STS;
        readonly kms: KMS;
      }
    | undefined;

  static async start(options: SystemOptions): Promise<System> {
    const clock = fastClock(options.speed ?? 10);
    const store = (await options.openStore?.(clock)) ?? openMemoryStore({ clock });
    const system = new System(options, clock, store);
    try {
      await system.#startControlPlane(0);
      await Promise.all(Array.from({ length: options.instances ?? 1 }, () => system.addMachine()));
      await system.until('all agents to be connected', async () => {
        const { containerInstances } = await system.instances();
        return (
          containerInstances.filter(({ agentConnected }) => agentConnected).length === system.machines.length
        );
      });
      return system;
    } catch (error) {
      await system[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: SystemOptions, clock: Clock, store: Store) {
    this.#options = options;
    this.clock = clock;
    this.store = store;
    this.accountId = digits(seededRandom(options.seed), 12);
    this.#key = this.#issueKey('user');
  }

  get endpoint(): string {
    if (this.#plane === undefined) throw new Error('The control plane is not running');
    return this.#plane.endpoint;
  }

  get ecs(): ECS {
    return this.#sdk().ecs;
  }

  get logs(): CloudWatchLogs {
    return this.#sdk().logs;
  }

  get cloudWatch(): CloudWatch {
    return this.#sdk().cloudWatch;
  }

  get ec2(): EC2 {
    return this.#sdk().ec2;
  }

  get acm(): ACM {
    return this.#sdk().acm;
  }
  get elb(): ElasticLoadBalancingV2 {
    return this.#sdk().elb;
  }
  get cloudMap(): ServiceDiscovery {
    return this.#sdk().cloudMap;
  }

  get autoScaling(): ApplicationAutoScaling {
    return this.#sdk().autoScaling;
  }

  get iam(): IAM {
    return this.#sdk().iam;
  }
  get sts(): STS {
    return this.#sdk().sts;
  }

  get kms(): KMS {
    return this.#sdk().kms;
  }

  /** What awsvpc tasks can join: the default VPC, in one zone. */
  async network(): Promise<{ readonly subnetId: string; readonly securityGroupId: string }> {
    const { Subnets: [subnet] = [] } = await this.ec2.describeSubnets({
      Filters: [{ Name: 'availability-zone', Values: [`${region}a`] }],
    });
    const { SecurityGroups: [group] = [] } = await this.ec2.describeSecurityGroups({
      Filters: [{ Name: 'group-name', Values: ['default'] }],
    });
    return { subnetId: subnet?.SubnetId ?? '', securityGroupId: group?.GroupId ?? '' };
  }

  /** The user's key, as the SDKs and the AWS CLI read it from their environment. */
  get environment(): Readonly<Record<string, string>> {
    const { accessKeyId, secretAccessKey } = this.#key;
    return { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }

  get principalArn(): string {
    return `arn:aws:iam::${this.accountId}:root`;
  }

  arn(resource: string): string {
    return `arn:aws:ecs:${region}:${this.accountId}:${resource}`;
  }

  machine(index: number): TestMachine {
    const machine = this.machines[index];
    if (machine === undefined) throw new Error(`There is no machine ${index}`);
    return machine;
  }

  async addMachine(): Promise<TestMachine> {
    const { seed, programs = programOf, latency = noLatency, failures = {} } = this.#options;
    const machine = new TestMachine({
      name: `m-${this.machines.length + 1}`,
      seed: String(seed),
      directory: this.directory,
      endpoint: this.endpoint,
      region,
      clock: this.clock,
      log: this.log,
      programs,
      latency: { ...noLatency, ...latency },
      failures,
      issueKey: (name) => this.#issueKey(name),
    });
    this.machines.push(machine);
    await machine.start();
    return machine;
  }

  /** Ends the control plane in order and starts another over the same store, at the same address. */
  async restartControlPlane(): Promise<void> {
    const port = Number(new URL(this.endpoint).port);
    await this.#plane?.[Symbol.asyncDispose]();
    // In a process of its own its timers would have ended with it.
    this.#mortal.die();
    await this.#startControlPlane(port);
  }

  /** The same, as after `kill -9`: what was committed is there, what was under way is lost. */
  async killControlPlane(): Promise<void> {
    const port = Number(new URL(this.endpoint).port);
    this.#mortal.die();
    await this.#plane?.[Symbol.asyncDispose]();
    await this.#startControlPlane(port);
  }

  async instances() {
    const { containerInstanceArns = [] } = await this.ecs.listContainerInstances({});
    if (containerInstanceArns.length === 0) return { containerInstances: [] };
    const { containerInstances = [] } = await this.ecs.describeContainerInstances({
      containerInstances: containerInstanceArns,
    });
    return { containerInstances };
  }

  /** Every task of the cluster that is listed with this desired status, described. */
  async tasks(desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING'): Promise<Task[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.ecs.listTasks({ desiredStatus, nextToken });
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    const described: Task[] = [];
    for (let from = 0; from < arns.length; from += 100) {
      const { tasks = [] } = await this.ecs.describeTasks({ tasks: arns.slice(from, from + 100) });
      described.push(...tasks);
    }
    return described;
  }

  async service(name: string): Promise<Service> {
    const { services = [] } = await this.ecs.describeServices({ services: [name] });
    const [service] = services;
    if (service === undefined) throw new Error(`There is no service ${name}`);
    return service;
  }

  /** Registers `family` with one container `app` of 64 CPU units and 64 MiB, bent by `container`. */
  async define(family: string, container: Partial<ContainerDefinition> = {}): Promise<string> {
    const { taskDefinition } = await this.ecs.registerTaskDefinition({
      family,
      containerDefinitions: [{ name: 'app', image: 'app:1', cpu: 64, memory: 64, ...container }],
    });
    return taskDefinition?.taskDefinitionArn ?? '';
  }

  /** ARNs of the tasks of all running containers on all machines, sorted: twice there is twice running. */
  runningContainers(): string[] {
    return this.machines.flatMap((machine) => machine.runningTasks()).sort();
  }

  /**
   * Waits for a state.
   * @throws {Error} it is not there within `withinMs` of real time; `seen` adds what was there instead.
   */
  async until<T>(
    what: string,
    look: () => Promise<T | undefined | false> | T | undefined | false,
    { withinMs = 50_000, seen }: { readonly withinMs?: number; readonly seen?: () => unknown } = {},
  ): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) {
        const last = JSON.stringify(await seen?.());
        throw new Error(
          `Not seen within ${withinMs} ms: ${what}; instead: ${last}\nLog: ${this.#lastLines()}`,
        );
      }
      await sleep(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.close()));
    this.#clients?.ecs.destroy();
    this.#clients?.logs.destroy();
    this.#clients?.ec2.destroy();
    this.#clients?.cloudMap.destroy();
    this.#clients?.cloudWatch.destroy();
    this.#clients?.iam.destroy();
    this.#clients?.sts.destroy();
    this.#clients?.kms.destroy();
    await this.#plane?.[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
    await this.#metrics[Symbol.asyncDispose]();
    await this.store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #startControlPlane(port: number): Promise<void> {
    this.#starts += 1;
    const mortal = new Mortal();
    this.#mortal = mortal;
    this.#plane = await startControlPlane({
      store: mortal.store(this.store),
      events: this.#events,
      metrics: this.#metrics,
      eventLog: mortal.eventLog(this.eventLog),
      host: this.#host,
      port,
      ownKeys: (accessKeyId) => this.#keys.get(accessKeyId),
      sealer: this.#sealer,
      defaultCluster: { accountId: this.accountId, region, name: 'default' },
      machineId: 'm-0',
      logDirectories: { buckets: join(this.directory, 'buckets'), spool: join(this.directory, 'spool') },
      publicCidr: '198.18.0.0/24',
      clock: this.clock,
      random: seededRandom(`${this.#options.seed}/control-plane/${this.#starts}`),
      log: this.log,
    });
  }

  #issueKey(name: string): Key {
    const random = seededRandom(`${this.#options.seed}/key/${name}`);
    const accessKeyId = `AKIA${alphanumeric(random, 16).toUpperCase()}`;
    const secretAccessKey = alphanumeric(random, 40);
    this.#keys.set(accessKeyId, { secretAccessKey, principal: rootPrincipal(this.accountId, accessKeyId) });
    return { accessKeyId, secretAccessKey, revoke: () => this.#keys.delete(accessKeyId) };
  }

  #sdk() {
    if (this.#clients === undefined) {
      const { accessKeyId, secretAccessKey } = this.#key;
      const settings = {
        endpoint: this.endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey },
        disableHostPrefix: true,
      };
      this.#clients = {
        ecs: new ECS(settings),
        logs: new CloudWatchLogs(settings),
        cloudWatch: new CloudWatch(settings),
        ec2: new EC2(settings),
        cloudMap: new ServiceDiscovery(settings),
        autoScaling: new ApplicationAutoScaling(settings),
        elb: new ElasticLoadBalancingV2(settings),
        acm: new ACM(settings),
        iam: new IAM(settings),
        sts: new STS(settings),
        kms: new KMS(settings),
      };
      for (const client of Object.values(this.#clients)) signByClock(client.config, this.clock);
    }
    return this.#clients;
  }

  #lastLines(): string {
    return JSON.stringify(this.log.lines.filter(({ level }) => level !== 'debug').slice(-10));
  }
}

export const startSystem = (options: SystemOptions): Promise<System> => System.start(options);

/** For the SDK's waiters, whose delays are in seconds. */
export const quickly = { maxWaitTime: 50, minDelay: 0.02, maxDelay: 0.05 } as const;
