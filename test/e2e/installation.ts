import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EC2 } from '@aws-sdk/client-ec2';
import { ECS } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { awsVariables } from '../../src/cli/commands/env.ts';
import { readCredentials, readServer } from '../../src/installation/index.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
export const launcher = join(root, 'catamaran');

/** What a command printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the launcher as a person would, with a bound on its time. */
export async function catamaran(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  timeoutMs = 110_000,
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(launcher, [...args], {
      env: { ...process.env, ...env },
      timeout: timeoutMs,
      maxBuffer: 32 * 1024 * 1024,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const failed = error as { code?: number | string; stdout?: string; stderr?: string; message: string };
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, stdout: failed.stdout ?? '', stderr: failed.stderr ?? '' };
  }
}

export interface InstallationOptions {
  /** Default: a new folder of its own. */
  readonly stateDirectory?: string;
  /** Given to every command beside the tests' own environment, e.g. `DOCKER_HOST`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further options of `up`. */
  readonly upOptions?: readonly string[];
}

/** A Catamaran of its own: own state directory, free port, removed with everything it made when disposed. */
export class Installation implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #upOptions: readonly string[];
  #child: ChildProcess | undefined;
  #output = '';
  #environment: Readonly<Record<string, string>> = {};

  private constructor(stateDirectory: string, { env = {}, upOptions = [] }: InstallationOptions) {
    this.stateDirectory = stateDirectory;
    this.#env = env;
    this.#upOptions = upOptions;
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const { stateDirectory } = options;
    const directory = stateDirectory ?? (await mkdtemp(join(tmpdir(), 'catamaran-e2e-')));
    const installation = new Installation(directory, options);
    try {
      await installation.up();
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
    return installation;
  }

  /** Starts the server process and waits until it answers. */
  async up(): Promise<void> {
    this.#output = '';
    const args = ['up', '--state', this.stateDirectory, '--port', '0', ...this.#upOptions];
    const child = spawn(launcher, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-64_000);
      });
    }
    // It announces itself when it answers. What `status` and `env` say is tested where they are the subject: each
    // start of Catamaran costs half a second of a processor, and every file does this more than once.
    const server = await waitFor(
      'the server to announce itself',
      async () => {
        if (child.exitCode !== null)
          throw new Error(`catamaran up ended with ${child.exitCode}: ${this.#output}`);
        return readServer(this.stateDirectory);
      },
      () => this.#output,
    );
    const credentials = readCredentials(this.stateDirectory);
    if (credentials === undefined) throw new Error(`${this.stateDirectory} has no credentials`);
    this.#environment = awsVariables({ server, credentials });
  }

  /** The server's own process id (the launcher's child where the launcher does not exec). */
  async pid(): Promise<number> {
    const file = await readFile(join(this.stateDirectory, 'server.json'), 'utf8');
    return (JSON.parse(file) as { pid: number }).pid;
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const pid = await this.pid();
    const ended = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
    process.kill(pid, 'SIGKILL');
    await ended;
    this.#child = undefined;
  }

  get output(): string {
    return this.#output;
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  get endpoint(): string {
    return this.#environment.AWS_ENDPOINT_URL ?? '';
  }

  /** For any client of the SDK: the root's, or with other credentials. */
  clientOptions(
    credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } = {
      accessKeyId: this.#environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: this.#environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  ) {
    return {
      endpoint: this.endpoint,
      region: this.#environment.AWS_REGION ?? 'us-east-1',
      credentials,
      maxAttempts: 1,
    };
  }

  ecs(): ECS {
    return new ECS(this.clientOptions());
  }

  ec2(): EC2 {
    return new EC2(this.clientOptions());
  }

  elb(): ElasticLoadBalancingV2 {
    return new ElasticLoadBalancingV2(this.clientOptions());
  }

  /** Lets everybody reach port 80, and those up to `lastPort`, of whoever is in the default VPC's default group. */
  async openDefaultGroup(lastPort = 80): Promise<void> {
    const { SecurityGroups: [group] = [] } = await this.ec2().describeSecurityGroups({
      Filters: [{ Name: 'group-name', Values: ['default'] }],
    });
    await this.ec2().authorizeSecurityGroupIngress({
      ...{ GroupId: group?.GroupId, IpProtocol: 'tcp', FromPort: 80, ToPort: lastPort },
      CidrIp: '0.0.0.0/0',
    });
  }

  /** The default VPC's subnet in a zone of the region. */
  async subnetId(zone = 'a'): Promise<string> {
    const filters = [
      { Name: 'default-for-az', Values: ['true'] },
      { Name: 'availability-zone', Values: [`us-east-1${zone}`] },
    ];
    const { Subnets: [subnet] = [] } = await this.ec2().describeSubnets({ Filters: filters });
    if (subnet?.SubnetId === undefined) throw new Error(`There is no default subnet in zone ${zone}`);
    return subnet.SubnetId;
  }

  logs(): CloudWatchLogs {
    return new CloudWatchLogs(this.clientOptions());
  }

  /** `./catamaran aws ...`, answer parsed as JSON where it is JSON. */
  async aws(...args: string[]): Promise<Outcome & { readonly json: unknown }> {
    const outcome = await catamaran(['aws', '--state', this.stateDirectory, ...args], this.#env, 120_000);
    let json: unknown;
    try {
      json = JSON.parse(outcome.stdout);
    } catch {
      json = undefined;
    }
    return { ...outcome, json };
  }

  async catamaran(...args: string[]): Promise<Outcome> {
    return catamaran([...args, '--state', this.stateDirectory], this.#env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const purged = await catamaran(['down', '--state', this.stateDirectory, '--purge'], this.#env, 120_000);
    this.#child?.kill('SIGKILL');
    // First of all: where it failed something may still be mounted, which can't be removed either.
    if (purged.code !== 0)
      throw new Error(`catamaran down --purge failed: ${purged.stderr}${purged.stdout}\n${this.#output}`);
    await rm(this.stateDirectory, { recursive: true, force: true });
  }
}

/**
 * Asks `probe` until it answers something other than undefined. `seen` tells what was there when time ran out. Many
 * probes start a program, which takes the processor from what they wait for: those pause as long as they took.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  seen: () => unknown = () => '',
  deadlineMs = 100_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const began = performance.now();
    const answer = await probe();
    if (answer !== undefined) return answer;
    const now = performance.now();
    if (now > end) {
      const shown = seen();
      throw new Error(
        `Waited ${deadlineMs} ms for ${what}; seen: ${typeof shown === 'string' ? shown : JSON.stringify(shown, null, 1)}`,
      );
    }
    await sleep(Math.min(Math.max(50, now - began), 500));
  }
}
