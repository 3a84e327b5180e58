import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../clock/index.ts';
import { busyboxLayer } from '../busybox-layer.ts';
import { imageArchive } from '../image-archive.ts';
import type { OutputLine, RuntimeEvent } from '../runtime.ts';
import { type DockerRuntime, openDockerRuntime } from './docker-runtime.ts';
import { type FoundEngine, ping, unixAddress } from './engine-socket.ts';

const clock = systemClock({ keepsProcessAlive: true });
const dockerd = ['/usr/sbin/dockerd', '/usr/bin/dockerd', '/usr/local/bin/dockerd'].find((path) =>
  existsSync(path),
);
const canRun = dockerd !== undefined && process.getuid?.() === 0;
if (!canRun)
  console.warn('The tests of a restarting engine are left out: they need root and an installed dockerd');

/**
 * An engine of the test's own, for it is killed: its own data, and its own network namespace, because an engine
 * without a bridge deletes the bridge of the machine's other one.
 */
class OwnEngine {
  readonly directory: string;
  readonly socket: string;
  #process: ChildProcess | undefined;

  constructor(directory: string) {
    this.directory = directory;
    this.socket = join(directory, 'engine.sock');
  }

  async start(): Promise<FoundEngine> {
    const output = openSync(join(this.directory, 'log'), 'a');
    const args = [
      ...['--net', dockerd ?? '', '--live-restore', '--bridge=none', '--iptables=false'],
      ...['--data-root', join(this.directory, 'data'), '--exec-root', join(this.directory, 'exec')],
      ...['--pidfile', join(this.directory, 'pid'), '-H', `unix://${this.socket}`],
    ];
    this.#process = spawn('unshare', args, { stdio: ['ignore', output, output] });
    closeSync(output);
    const beganMs = clock.monotonic();
    for (;;) {
      const found = await ping(unixAddress(this.socket), clock);
      if (found !== undefined) return found;
      if (clock.monotonic() - beganMs > 100_000)
        throw new Error(readFileSync(join(this.directory, 'log'), 'utf8'));
      await clock.sleep(20);
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null)
      return;
    const ended = new Promise((resolve) => this.#process?.once('exit', resolve));
    const containerd = readText(join(this.directory, 'exec/containerd/containerd.pid')).trim();
    this.#process.kill(signal);
    await ended;
    // It dies with its engine, but a little later, and a new engine would wait for the dying one to answer.
    while (containerd !== '' && existsSync(`/proc/${containerd}`)) await clock.sleep(10);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    // Only where the test has failed half-way is anything left.
    for (const pid of this.#shims()) {
      // Its container first, or nobody would be left to end it.
      for (const child of readText(`/proc/${pid}/task/${pid}/children`).split(' ')) {
        if (Number(child) > 1) process.kill(Number(child), 'SIGKILL');
      }
      process.kill(pid, 'SIGKILL');
    }
    const mounts = readText('/proc/self/mounts')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(`${this.directory}/`)).reverse()) {
      spawnSync('umount', [mount], { timeout: 10_000 });
    }
    await rm(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  #shims(): number[] {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.filter((pid) => readText(`/proc/${pid}/cmdline`).includes(`${this.directory}/`)).map(Number);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

describe.skipIf(!canRun)('an engine that is killed under its containers and comes back', () => {
  let engine: OwnEngine;
  let runtime: DockerRuntime;
  const labels = { 'catamaran.test-run': 'restart' };
  const spec = {
    name: 'survivor',
    sandboxId: 'restart',
    labels,
    image: 'catamaran/restart:1',
    command: ['sh', '-c', 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done'],
    env: {},
    network: { mode: 'none' },
    cpuShares: 2,
  } as const;

  beforeAll(async () => {
    engine = new OwnEngine(await mkdtemp(join(tmpdir(), 'catamaran-engine-')));
    runtime = await openDockerRuntime({ clock, random: systemRandom(), engine: await engine.start() });
    await runtime.loadImage(
      await imageArchive({ reference: spec.image, layers: [await busyboxLayer()], config: {} }),
    );
  });
  afterAll(async () => {
    try {
      await runtime?.removeSandbox('restart');
      await runtime?.[Symbol.asyncDispose]();
    } finally {
      await engine?.[Symbol.asyncDispose]();
    }
  });

  it('says so meanwhile, and afterwards everything goes on', async () => {
    const stop = new AbortController();
    const events: RuntimeEvent['type'][] = [];
    const seen = async (type: RuntimeEvent['type'], count: number): Promise<void> => {
      const beganMs = clock.monotonic();
      while (events.filter((event) => event === type).length < count) {
        if (clock.monotonic() - beganMs > 50_000) throw new Error(`No ${type}, but ${events}`);
        await clock.sleep(10);
      }
    };
    const watching = (async () => {
      for await (const { type } of runtime.events(labels, stop.signal)) events.push(type);
    })();
    await runtime.createSandbox({
      id: 'restart',
      labels,
      network: { mode: 'container' },
      cgroupParent: 'restart',
    });
    await runtime.createContainer(spec);
    const before: OutputLine[] = [];
    const broken = (async () => {
      for await (const line of runtime.output(spec.name, 'start', stop.signal)) before.push(line);
    })();
    broken.catch(() => {});
    const started = await runtime.startContainer(spec.name);
    while (before.length < 10) await clock.sleep(10);

    await engine.end('SIGKILL');
    await expect(broken).rejects.toMatchObject({ code: 'EngineUnavailable' });
    await expect(runtime.inspectContainer(spec.name)).rejects.toMatchObject({ code: 'EngineUnavailable' });
    await seen('disconnected', 1);

    await engine.start();
    await seen('connected', 2);
    expect((await runtime.inspectContainer(spec.name))?.status).toEqual(started.status);
    const after: string[] = [];
    const sinceMs = before.at(-1)?.timeMs ?? 0;
    for await (const { text } of runtime.output(spec.name, { sinceMs }, stop.signal)) {
      after.push(text);
      if (after.length === 60) break;
    }
    const numbers = after.map(Number);
    const last = Number(before.at(-1)?.text);
    // By time alone the joint may be off by the lines of one millisecond, which here is less than one.
    expect(numbers[0]).toBeGreaterThanOrEqual(last);
    expect(numbers[0]).toBeLessThanOrEqual(last + 2);
    expect(numbers).toEqual(numbers.map((_, place) => (numbers[0] ?? 0) + place));
    expect(await runtime.exec(spec.name, ['echo', 'well'], { timeoutMs: 50_000 })).toMatchObject({
      output: 'well\n',
    });
    stop.abort();
    await watching;
  });
});
