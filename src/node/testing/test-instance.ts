import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import type { AcsContainer, AcsTask } from '../../protocols/index.ts';
import { type Agent, startAgent } from '../agent.ts';
import type { AgentOptions } from '../agent-options.ts';
import { ScriptedControlPlane } from './scripted-control-plane.ts';
import { SimulatedMachine } from './simulated-machine.ts';

/**
 * A container instance for one test: a simulated machine, a control plane that does as it is told, and agents
 * between them over real HTTP and WebSockets. All of it is gone when it is disposed of.
 */
export class TestInstance implements AsyncDisposable {
  readonly clock = systemClock();
  readonly log = recordingLog();
  readonly directory = mkdtempSync(join(tmpdir(), 'agent-'));
  readonly plane: ScriptedControlPlane;
  machine: SimulatedMachine;
  readonly #agents: Agent[] = [];
  #tasks = 0;

  private constructor(plane: ScriptedControlPlane) {
    this.plane = plane;
    this.machine = new SimulatedMachine(this.clock);
  }

  static async open(): Promise<TestInstance> {
    return new TestInstance(await ScriptedControlPlane.start());
  }

  async start(overrides: Partial<AgentOptions> = {}): Promise<Agent> {
    const { plane, machine, clock, log } = this;
    const agent = await startAgent({
      endpoint: plane.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
      cluster: 'default',
      instance: {
        id: 'i-1',
        attributes: { rack: 'r1' },
        resources: { cpuUnits: 2048, memoryMiB: 4096, reservedTcpPorts: [22], reservedUdpPorts: [] },
        address: '127.0.0.1',
      },
      stateDirectory: this.stateDirectory(1),
      runtime: machine.runtime,
      clock,
      random: seededRandom(2),
      log,
      logs: { endpoint: plane.endpoint },
      ...overrides,
      settings: { logFlushIntervalMs: 5, ...overrides.settings },
    });
    this.#agents.push(agent);
    return agent;
  }

  stateDirectory(generation: number): string {
    return join(this.directory, String(generation));
  }

  /** A task that should run, of containers that are all essential unless they say otherwise. */
  task(...containers: readonly (Partial<AcsContainer> & { readonly name: string })[]): AcsTask {
    this.#tasks += 1;
    const { clusterArn } = this.plane;
    return {
      arn: `${clusterArn.replace(':cluster/', ':task/')}/${String(this.#tasks).padStart(32, '0')}`,
      family: 'web',
      version: '1',
      desiredStatus: 'RUNNING',
      taskClusterArn: clusterArn,
      containers: containers.map((container) => ({
        containerArn: `arn:container/${container.name}`,
        image: 'demo',
        essential: true,
        cpu: 0,
        dockerConfig: { version: '1.17', config: '{}', hostConfig: '{}' },
        ...container,
      })),
    };
  }

  /** The stream of a container with `awslogs`. */
  logStream(taskArn: string, container: string): readonly string[] {
    return this.plane.logStreams.get(`/app/web/${container}/${taskArn.split('/').at(-1)}`) ?? [];
  }

  /** Messages that the agents have acknowledged. */
  get acknowledged(): readonly string[] {
    return this.plane.received
      .filter(({ type }) => type === 'AckRequest')
      .map(({ message }) => message.string('messageId'));
  }

  untilStatus(taskArn: string, status: string): Promise<void> {
    return this.until(`${status} of ${taskArn}`, () => this.plane.statusesOf(taskArn).includes(status));
  }

  /** @throws {Error} with what was `seen` instead, after fifty seconds. */
  async until(
    what: string,
    holds: () => boolean,
    seen: () => unknown = () => this.plane.submissions,
  ): Promise<void> {
    const deadlineMs = this.clock.monotonic() + 50_000;
    while (!holds()) {
      if (this.clock.monotonic() > deadlineMs) {
        const last = this.log.lines.slice(-5).map(({ message, fields }) => [message, fields]);
        throw new Error(
          `Not seen: ${what}; instead: ${JSON.stringify(seen())}\nlog: ${JSON.stringify(last)}`,
        );
      }
      await this.clock.sleep(2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
    await this.plane[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true });
  }
}

/** Container members that have its output shipped to CloudWatch Logs. */
export function withAwslogs(
  options: Readonly<Record<string, string>> = {},
): Pick<AcsContainer, 'dockerConfig'> {
  const config = { 'awslogs-group': '/app', 'awslogs-stream-prefix': 'web', ...options };
  const hostConfig = JSON.stringify({ LogConfig: { Type: 'awslogs', Config: config } });
  return { dockerConfig: { version: '1.17', config: '{}', hostConfig } };
}
