import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Runtime } from '../../src/runtime/index.ts';
import { inContainerOf } from './image.ts';
import { type Installation, launcher, type Outcome, waitFor } from './installation.ts';
import { PrivateEngine } from './private-engine.ts';

const run = promisify(execFile);
const ip = (...args: readonly string[]) => run('ip', args, { timeout: 100_000 });

/** Both ends of the wire between the machine that the tests run on and the one that joins it. */
export const underlay = { home: '203.0.113.1', joined: '203.0.113.2' } as const;

/** The wire's end on this machine; a control plane can listen on it before anybody has joined. */
export async function openUnderlay(): Promise<AsyncDisposable & { readonly link: string }> {
  const link = `ctme2e${process.pid}`;
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}p`);
  await ip('address', 'add', `${underlay.home}/30`, 'dev', link);
  await ip('link', 'set', link, 'up');
  return { link, [Symbol.asyncDispose]: async () => void (await ip('link', 'delete', link).catch(() => {})) };
}

/** A second computer: a network namespace with an Engine of its own and a Catamaran that has joined another. */
export class JoinedMachine implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly engine: PrivateEngine;
  #runtime: (Runtime & AsyncDisposable) | undefined;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(stateDirectory: string, engine: PrivateEngine) {
    this.stateDirectory = stateDirectory;
    this.engine = engine;
  }

  /** Not joined yet. */
  static async begin(link: string, image: string): Promise<JoinedMachine> {
    const engine = await PrivateEngine.start({ liveRestore: false });
    const machine = new JoinedMachine(await mkdtemp(join(tmpdir(), 'catamaran-joined-')), engine);
    try {
      await ip('link', 'set', `${link}p`, 'netns', engine.namespace);
      await ip('-n', engine.namespace, 'address', 'add', `${underlay.joined}/30`, 'dev', `${link}p`);
      await ip('-n', engine.namespace, 'link', 'set', `${link}p`, 'up');
      await engine.loadImage(image);
      machine.#runtime = await engine.runtime();
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Starts it; the first time with an invitation. */
  async up(home?: Installation): Promise<void> {
    const invitation = home === undefined ? undefined : await home.catamaran('machine', 'invite');
    const token = invitation?.stdout.match(/^CATAMARAN_JOIN_TOKEN=(\S+) \.\/catamaran join --detach\n$/)?.[1];
    if (home !== undefined && token === undefined)
      throw new Error(`No invitation: ${invitation?.stderr}${invitation?.stdout}`);
    this.#output = '';
    const child = spawn('nsenter', this.#command('join', '--fargate-isolation', 'runc'), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env(token),
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-64_000);
      });
    await waitFor(
      'the machine to have joined',
      async () => {
        if (child.exitCode !== null) throw new Error(`join ended with ${child.exitCode}: ${this.#output}`);
        return /^This computer is machine m-/m.test(this.#output) ? true : undefined;
      },
      () => this.#output,
    );
  }

  get pid(): number {
    return (JSON.parse(readFileSync(join(this.stateDirectory, 'server.json'), 'utf8')) as { pid: number })
      .pid;
  }

  /** What everybody on the computer can read of it: its arguments. */
  get arguments(): string {
    return readFileSync(`/proc/${this.pid}/cmdline`, 'utf8');
  }

  get output(): string {
    return this.#output;
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    process.kill(this.pid, 'SIGKILL');
    await ended;
    this.#child = undefined;
  }

  async catamaran(...args: readonly string[]): Promise<Outcome> {
    const options = { env: this.#env(), timeout: 110_000 };
    return run('nsenter', this.#command(...args), options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }

  async inContainer(taskArn: string, shellCommand: string): Promise<string> {
    const runtime = this.#runtime;
    if (runtime === undefined) throw new Error('There is no Engine');
    return inContainerOf(runtime, await runtime.listContainers({}), taskArn, shellCommand);
  }

  /** What is left of it on its Engine and in the kernel. */
  async footprint(): Promise<readonly string[]> {
    const containers = (await this.#runtime?.listContainers({})) ?? [];
    const { stdout } = await ip('-n', this.engine.namespace, '-br', 'link');
    return [
      ...containers.map(({ name }) => name),
      ...stdout.split('\n').filter((line) => /^(?:ctm(?!e2e)|vx)/.test(line)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.catamaran('down', '--purge');
    this.#child?.kill('SIGKILL');
    await this.#runtime?.[Symbol.asyncDispose]();
    await this.engine[Symbol.asyncDispose]();
    await rm(this.stateDirectory, { recursive: true, force: true });
  }

  #command(...args: readonly string[]): string[] {
    return [`--net=/run/netns/${this.engine.namespace}`, launcher, ...args, '--state', this.stateDirectory];
  }

  #env(token?: string): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DOCKER_HOST: this.engine.host,
      ...(token !== undefined && { CATAMARAN_JOIN_TOKEN: token }),
    };
  }
}
