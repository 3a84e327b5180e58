import { imageArchive } from '../image-archive.ts';
import type {
  AttachOptions,
  CommandOptions,
  ContainerAttachment,
  ContainerCommand,
  ContainerTerminal,
  ExecResult,
  TerminalOptions,
} from '../process.ts';
import type {
  CgroupLimits,
  Container,
  ContainerLimits,
  ContainerSpec,
  GvisorSupport,
  Image,
  OutputLine,
  RegistryAuth,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  Sandbox,
  SandboxDiskSpace,
  SandboxDiskSupport,
  SandboxSpec,
} from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { ContainerDiskUse, ContainerStats } from '../usage.ts';
import type { SimContainer } from './sim-container.ts';
import type { SimEngine } from './sim-engine.ts';
import { attachmentOf, commandOf, terminalOf } from './sim-streams.ts';

/** Events that nobody has taken yet; beyond that the oldest are replaced by one `connected`: list again. */
const mostEvents = 10_000;
const mostExecOutputBytes = 64 * 1024;

/** One client of a simulated engine, as a running agent has one. Closing it leaves the engine and its containers. */
export class SimRuntime implements Runtime {
  readonly name = 'sim';
  readonly engine: SimEngine;
  readonly #closing = new AbortController();

  constructor(engine: SimEngine) {
    this.engine = engine;
  }

  async info(): Promise<RuntimeInfo> {
    await this.#look();
    const { cpus, memoryMiB } = this.engine.options.machine ?? { cpus: 8, memoryMiB: 32_768 };
    return {
      engine: 'sim',
      version: '1',
      apiVersion: '1.41',
      cpus,
      memoryBytes: memoryMiB * 1_048_576,
      architecture: 'x86_64',
      kernel: 'simulated',
      cgroupVersion: 2,
      logDrivers: ['json-file', 'none'],
      runtimes: ['sim'],
      limits: [],
    };
  }

  async inspectImage(reference: string): Promise<Image | undefined> {
    await this.#look();
    return this.engine.image(reference);
  }

  pullImage(
    reference: string,
    { signal }: { readonly auth?: RegistryAuth; readonly signal: AbortSignal },
  ): Promise<Image> {
    return this.engine.pull(reference, signal);
  }

  async gvisor(): Promise<GvisorSupport> {
    return { works: false, why: 'Simulated containers have no kernel at all' };
  }

  async sandboxDisks(): Promise<SandboxDiskSupport> {
    return { works: false, why: 'Simulated containers write nothing' };
  }

  async diskSpace(_disk: string): Promise<SandboxDiskSpace | undefined> {
    return undefined;
  }

  async readImageFiles(reference: string): Promise<ReadonlyMap<string, string>> {
    await this.#look();
    this.#demandImage(reference, 'read files of');
    return new Map();
  }

  async *saveImage(reference: string): AsyncGenerator<Uint8Array> {
    await this.#look();
    this.#demandImage(reference, 'save');
    yield await imageArchive({ reference, layers: [], config: {} });
  }

  #demandImage(reference: string, to: string): void {
    if (this.engine.image(reference) !== undefined) return;
    const detail = `No such image: ${reference}`;
    throw new RuntimeError('Unsupported', `Cannot ${to} image '${reference}': ${detail}`, detail);
  }

  loadImage(archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    return this.engine.load(archive);
  }

  async removeImage(reference: string): Promise<void> {
    await this.#look();
    this.engine.removeImage(reference);
  }

  async updateContainer(name: string, limits: ContainerLimits): Promise<void> {
    await this.#look();
    this.engine.updateContainer(name, limits);
  }

  async limitSandbox(id: string, limits: CgroupLimits): Promise<void> {
    await this.#look();
    this.engine.limitSandbox(id, limits);
  }

  async limitCgroup(parent: string, limits: CgroupLimits): Promise<void> {
    await this.#look();
    this.engine.limitCgroup(parent, limits);
  }

  createSandbox(spec: SandboxSpec): Promise<Sandbox> {
    return this.engine.createSandbox(spec);
  }

  async networkNamespace(sandboxId: string): Promise<string | undefined> {
    await this.#look();
    return this.engine.networkNamespace(sandboxId);
  }

  async stopSandbox(id: string): Promise<void> {
    await this.engine.pause('removeContainer', `Cannot stop sandbox '${id}'`);
    this.engine.stopSandbox(id);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.engine.pause('removeContainer', `Cannot remove sandbox '${id}'`);
    this.engine.removeSandbox(id);
  }

  async createContainer(spec: ContainerSpec): Promise<Container> {
    await this.engine.pause('createContainer', `Cannot create container '${spec.name}'`);
    return this.engine.createContainer(spec).view();
  }

  async startContainer(name: string): Promise<Container> {
    return (await this.engine.startContainer(name)).view();
  }

  async stopContainer(name: string, timeoutSeconds: number): Promise<void> {
    await this.engine.pause('look', `Cannot stop container '${name}'`);
    await this.engine.container(name)?.stop(timeoutSeconds * 1000);
  }

  async removeContainer(name: string): Promise<void> {
    await this.engine.pause('removeContainer', `Cannot remove container '${name}'`);
    this.engine.removeContainer(name);
  }

  async inspectContainer(name: string): Promise<Container | undefined> {
    await this.#look();
    return this.engine.container(name)?.view();
  }

  async listContainers(labels: Readonly<Record<string, string>>): Promise<readonly Container[]> {
    await this.#look();
    return this.engine.containers(labels).map((container) => container.view());
  }

  async listSandboxes(labels: Readonly<Record<string, string>>): Promise<readonly Sandbox[]> {
    await this.#look();
    return this.engine.sandboxes(labels);
  }

  async *events(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<RuntimeEvent, void> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    let queue: RuntimeEvent[] = [];
    let wake = Promise.withResolvers<void>();
    using _subscription = this.engine.subscribe(labels, (event) => {
      if (queue.length >= mostEvents) queue = [{ type: 'connected' }];
      queue.push(event);
      wake.resolve();
    });
    until.addEventListener('abort', () => wake.resolve(), { once: true });
    while (!until.aborted) {
      const event = queue.shift();
      if (event) yield event;
      else {
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
  }

  output(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    const container = this.engine.container(name);
    if (container === undefined) return missing(name);
    until.addEventListener('abort', () => container.log.wake(), { once: true });
    const isWaiting = !container.isRunning && (from === 'start' || container.runs === 0);
    // Of a container that is yet to be started it is the coming run that is read.
    const run = container.runs + (isWaiting ? 1 : 0);
    const isDone = (): boolean => until.aborted || container.isRemoved || hasEnded(container, run);
    return container.log.read(from === 'start' ? undefined : from.sinceMs, isDone);
  }

  pastOutput(name: string, sinceMs: number, _: AbortSignal): AsyncIterable<OutputLine> {
    const container = this.engine.container(name);
    if (container === undefined) return missing(name);
    return container.log.read(sinceMs, () => true);
  }

  async exec(
    name: string,
    command: readonly string[],
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ExecResult> {
    const { container, refuse } = await this.#execIn(name, command);
    const result = container.program.exec?.(command) ?? { exitCode: 0, output: '' };
    const { exitCode, output, runForMs = 0 } = result;
    await this.engine.clock.sleep(Math.min(runForMs, timeoutMs), signal);
    if (runForMs > timeoutMs) refuse(`it did not end within ${timeoutMs} ms`);
    return { exitCode, output: Buffer.from(output).subarray(0, mostExecOutputBytes).toString() };
  }

  async openTerminal(
    name: string,
    command: readonly string[],
    { signal }: TerminalOptions,
  ): Promise<ContainerTerminal> {
    const { container } = await this.#execIn(name, command);
    signal?.throwIfAborted();
    return terminalOf(container, command, this.engine.clock);
  }

  async openCommand(
    name: string,
    command: readonly string[],
    { signal, hasInput }: CommandOptions,
  ): Promise<ContainerCommand> {
    const { container } = await this.#execIn(name, command);
    signal?.throwIfAborted();
    return commandOf(container, command, this.engine.clock, hasInput ?? false);
  }

  async attach(name: string, { signal, hasInput }: AttachOptions): Promise<ContainerAttachment> {
    const container = await this.#runningOne(name, `Cannot attach to container '${name}'`);
    signal?.throwIfAborted();
    return attachmentOf(container, hasInput ?? false);
  }

  async diskUse(name: string): Promise<ContainerDiskUse | undefined> {
    await this.#look();
    return this.engine.container(name)?.diskUse();
  }

  async stats(
    name: string,
    { withIo = false }: { readonly withIo?: boolean } = {},
  ): Promise<ContainerStats | undefined> {
    await this.#look();
    return this.engine.container(name)?.stats(withIo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The runtime was closed'));
  }

  async #execIn(name: string, command: readonly string[]) {
    const attempt = `Cannot run '${command.join(' ')}' in container '${name}'`;
    const container = await this.#runningOne(name, attempt);
    return { container, refuse: (detail: string) => refuse(attempt, detail) };
  }

  async #runningOne(name: string, attempt: string): Promise<SimContainer> {
    await this.engine.pause('exec', attempt);
    const container = this.engine.container(name) ?? refuse(attempt, `No such container: ${name}`);
    if (!container.isRunning) refuse(attempt, `Container ${name} is not running`);
    return container;
  }

  #look(): Promise<void> {
    return this.engine.pause('look', 'Cannot reach the engine');
  }
}

function refuse(attempt: string, detail: string): never {
  throw new RuntimeError('CannotExecContainer', `${attempt}: ${detail}`, detail);
}

const hasEnded = (container: SimContainer, run: number): boolean =>
  container.runs > run || (container.runs === run && !container.isRunning);

// biome-ignore lint/correctness/useYield: the container is not there, and that is said when its output is asked for.
async function* missing(name: string): AsyncGenerator<OutputLine, void> {
  const detail = `No such container: ${name}`;
  throw new RuntimeError('Unsupported', `Cannot read the output of container '${name}': ${detail}`, detail);
}
