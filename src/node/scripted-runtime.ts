import { type Clock, hex, type Random } from '../clock/index.ts';
import {
  type Container,
  type ContainerSpec,
  type Image,
  type OutputLine,
  type Runtime,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeInfo,
  type Sandbox,
  type SandboxSpec,
} from '../runtime/runtime.ts';

/**
 * Containers in memory, for tests of the agent. What a container does is its command: `run` until it is stopped,
 * `exit CODE` at once, `print LINE...` and run on, `fail WORDS` to start.
 */
export class ScriptedRuntime implements Runtime {
  readonly name = 'scripted';
  /** Images that are on this machine. */
  readonly images = new Set(['demo']);
  readonly containers = new Map<string, Kept>();
  readonly sandboxes = new Map<string, SandboxSpec>();
  readonly stoppedSandboxes = new Set<string>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #watchers = new Set<(event: RuntimeEvent) => void>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  async info(): Promise<RuntimeInfo> {
    return {
      engine: 'scripted',
      version: '1.0',
      apiVersion: '1.41',
      cpus: 2,
      memoryBytes: 2 ** 32,
      architecture: 'x86_64',
      kernel: '6.1',
      cgroupVersion: 2,
      logDrivers: ['json-file'],
      runtimes: [],
      limits: [],
    };
  }

  async inspectImage(reference: string): Promise<Image | undefined> {
    await turn();
    if (!this.images.has(reference)) return undefined;
    return { id: `sha256:${reference}`, exposedPorts: [], env: {} };
  }

  async pullImage(reference: string, { signal }: { signal: AbortSignal }): Promise<Image> {
    await turn();
    if (reference === 'slow') await this.#clock.sleep(60_000, signal);
    if (!reference.startsWith('registry/')) {
      throw new RuntimeError(
        'CannotPullContainer',
        `Cannot pull '${reference}'`,
        `no such image: ${reference}`,
      );
    }
    this.images.add(reference);
    return { id: `sha256:${reference}`, digest: 'sha256:d', exposedPorts: [], env: {} };
  }

  async loadImage(): Promise<void> {}
  async removeImage(reference: string): Promise<void> {
    this.images.delete(reference);
  }

  async createSandbox(spec: SandboxSpec): Promise<Sandbox> {
    await turn();
    if (spec.labels.refused) throw new RuntimeError('Unsupported', 'No', 'not on this machine');
    this.sandboxes.set(spec.id, spec);
    return { id: spec.id, labels: spec.labels };
  }

  async stopSandbox(id: string): Promise<void> {
    await turn();
    this.stoppedSandboxes.add(id);
  }

  async removeSandbox(id: string): Promise<void> {
    await turn();
    for (const [name, kept] of this.containers) if (kept.spec.sandboxId === id) this.containers.delete(name);
    this.sandboxes.delete(id);
    this.stoppedSandboxes.delete(id);
  }

  async createContainer(spec: ContainerSpec): Promise<Container> {
    await turn();
    if (!this.sandboxes.has(spec.sandboxId)) throw new Error(`No sandbox '${spec.sandboxId}'`);
    const known = this.containers.get(spec.name);
    if (known) return viewOf(known);
    const kept: Kept = {
      spec,
      runtimeId: hex(this.#random, 64),
      createdAtMs: this.#clock.now(),
      status: { state: 'created' },
      ports: [],
      lines: [],
      starts: 0,
      changed: [],
    };
    this.containers.set(spec.name, kept);
    return viewOf(kept);
  }

  async startContainer(name: string): Promise<Container> {
    await turn();
    const kept = this.#kept(name);
    if (kept.status.state === 'running') return viewOf(kept);
    const [verb, ...words] = kept.spec.command ?? ['run'];
    if (verb === 'fail') throw new RuntimeError('CannotStartContainer', 'Cannot start', words.join(' '));
    kept.starts += 1;
    kept.status = { state: 'running', startedAtMs: this.#clock.now(), pid: 1 };
    const { network } = kept.spec;
    kept.ports =
      network.mode === 'bridge'
        ? network.ports.map((port) => ({
            ...port,
            hostPort: port.hostPort || 32_768 + this.#random.integer(1_000),
          }))
        : [];
    if (verb === 'print') for (const word of words) this.say(name, word);
    const started = viewOf(kept);
    this.#tell(kept);
    if (verb === 'exit') this.exit(name, Number(words[0]));
    return started;
  }

  async stopContainer(name: string): Promise<void> {
    await turn();
    if (this.containers.get(name)?.status.state === 'running') this.exit(name, 143);
  }

  async removeContainer(name: string): Promise<void> {
    await turn();
    const kept = this.containers.get(name);
    if (kept?.status.state === 'running') this.exit(name, 137);
    this.containers.delete(name);
  }

  async inspectContainer(name: string): Promise<Container | undefined> {
    await turn();
    const kept = this.containers.get(name);
    return kept && viewOf(kept);
  }

  async listContainers(labels: Readonly<Record<string, string>>): Promise<readonly Container[]> {
    await turn();
    return [...this.containers.values()].filter(({ spec }) => carries(spec.labels, labels)).map(viewOf);
  }

  async listSandboxes(labels: Readonly<Record<string, string>>): Promise<readonly Sandbox[]> {
    await turn();
    return [...this.sandboxes.values()].filter((spec) => carries(spec.labels, labels));
  }

  async *events(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<RuntimeEvent, void> {
    const queue: RuntimeEvent[] = [{ type: 'connected' }];
    let wake = Promise.withResolvers<void>();
    const watch = (event: RuntimeEvent): void => {
      if (event.type === 'container' && !carries(event.labels, labels)) return;
      queue.push(event);
      wake.resolve();
    };
    this.#watchers.add(watch);
    signal.addEventListener('abort', () => wake.resolve());
    while (!signal.aborted) {
      const event = queue.shift();
      if (event) yield event;
      else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
    this.#watchers.delete(watch);
  }

  async *output(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncGenerator<OutputLine, void> {
    const kept = this.#kept(name);
    const startsAfter = from === 'start' ? kept.starts : kept.starts - 1;
    let next =
      from === 'start' ? kept.lines.length : kept.lines.findIndex(({ timeMs }) => timeMs > from.sinceMs);
    if (next < 0) next = kept.lines.length;
    while (!signal.aborted) {
      const line = kept.lines[next];
      if (line) {
        next += 1;
        yield line;
        continue;
      }
      const hasEnded = kept.status.state === 'exited' && kept.starts > startsAfter;
      if (hasEnded || !this.containers.has(name)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      kept.changed.push(resolve);
      signal.addEventListener('abort', () => resolve());
      await promise;
    }
  }

  async exec(): Promise<{ exitCode: number; output: string }> {
    return { exitCode: 0, output: '' };
  }

  async stats(name: string): Promise<{ cpuUsageNanos: number; memoryBytes: number } | undefined> {
    return this.containers.get(name)?.status.state === 'running'
      ? { cpuUsageNanos: 5, memoryBytes: 7 }
      : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** A container writes a line. */
  say(name: string, text: string): void {
    const kept = this.#kept(name);
    kept.lines.push({ stream: 'stdout', text, timeMs: this.#clock.now() });
    wakeAll(kept);
  }

  exit(name: string, exitCode: number, wasOutOfMemory = false): void {
    const kept = this.#kept(name);
    const startedAtMs = kept.status.state === 'running' ? kept.status.startedAtMs : 0;
    kept.status = { state: 'exited', exitCode, startedAtMs, finishedAtMs: this.#clock.now(), wasOutOfMemory };
    wakeAll(kept);
    this.#tell(kept);
  }

  setHealth(name: string, status: 'HEALTHY' | 'UNHEALTHY'): void {
    const kept = this.#kept(name);
    kept.health = { status, sinceMs: this.#clock.now() };
    this.#tell(kept);
  }

  /** Nothing is heard of what happens in `unseen`. */
  whileAway(unseen: () => void): void {
    this.#tellAll({ type: 'disconnected', reason: 'The engine is away' });
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    unseen();
    for (const watcher of watchers) this.#watchers.add(watcher);
    this.#tellAll({ type: 'connected' });
  }

  /** The engine's containers by ECS name, of one task. */
  ofTask(taskArn: string): Readonly<Record<string, Kept>> {
    return Object.fromEntries(
      [...this.containers.values()]
        .filter(({ spec }) => spec.labels['com.amazonaws.ecs.task-arn'] === taskArn)
        .map((kept) => [kept.spec.labels['com.amazonaws.ecs.container-name'], kept]),
    );
  }

  #tell(kept: Kept): void {
    this.#tellAll({ type: 'container', name: kept.spec.name, labels: kept.spec.labels });
  }

  #tellAll(event: RuntimeEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  #kept(name: string): Kept {
    const kept = this.containers.get(name);
    if (!kept) throw new RuntimeError('CannotStartContainer', `No container '${name}'`, 'No such container');
    return kept;
  }
}

export interface Kept {
  readonly spec: ContainerSpec;
  readonly runtimeId: string;
  readonly createdAtMs: number;
  status: Container['status'];
  ports: Container['ports'];
  health?: NonNullable<Container['health']>;
  readonly lines: OutputLine[];
  starts: number;
  changed: (() => void)[];
}

function viewOf({ spec, runtimeId, createdAtMs, status, ports, health }: Kept): Container {
  return {
    name: spec.name,
    runtimeId,
    labels: spec.labels,
    imageId: `sha256:${spec.image}`,
    status,
    ports: status.state === 'running' ? ports : [],
    ipv4Addresses: [],
    createdAtMs,
    ...(health && { health }),
  };
}

function wakeAll(kept: Kept): void {
  for (const wake of kept.changed.splice(0)) wake();
}

const carries = (
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean => Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** Every step takes at least one turn of the event loop, as a real one would. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
