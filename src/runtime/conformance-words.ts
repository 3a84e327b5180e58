import { it } from 'vitest';
import type { Clock } from '../clock/index.ts';
import type { Workload } from './conformance-workloads.ts';
import type {
  Container,
  ContainerSpec,
  ContainerStatus,
  OutputLine,
  Runtime,
  SandboxSpec,
} from './runtime.ts';

/** A driver under test, with whatever it needs cleaned up by its disposal. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Another client of the same engine, as a restarted agent is one. */
  open(): Promise<Runtime>;
  /** An image with busybox's programs, which is loaded. */
  readonly image: string;
  readonly clock: Clock;
  /** Different in every run: keeps the run's things apart from others'. */
  readonly run: string;
  /** A private network that nobody else uses, of at least a /24. */
  readonly network: { readonly name: string; readonly cidr: string; readonly gateway: string };
}

/** Waits in tests end here. */
export const deadlineMs = 50_000;
const testTimeoutMs = 120_000;

/** What the tests are told in. */
export class Words {
  readonly never = new AbortController().signal;
  readonly titles = new Set<string>();
  readonly #skips: Readonly<Record<string, string>>;
  #under: RuntimeUnderTest | undefined;
  #made = 0;

  constructor(skips: Readonly<Record<string, string>>) {
    this.#skips = skips;
  }

  set under(under: RuntimeUnderTest) {
    this.#under = under;
  }

  get under(): RuntimeUnderTest {
    if (this.#under === undefined) throw new TypeError('The runtime under test is not open yet');
    return this.#under;
  }

  get runtime(): Runtime {
    return this.under.runtime;
  }

  get labels(): Readonly<Record<string, string>> {
    return { 'catamaran.test-run': this.under.run };
  }

  /** A test, unless this driver skips it. */
  readonly check = (title: string, test: () => Promise<void>): void => {
    this.titles.add(title);
    if (this.#skips[title] === undefined) it(title, test, testTimeoutMs);
  };

  readonly unique = (what: string): string => `${this.under.run}-${what}-${this.#made++}`;

  readonly sandboxSpec = (changes: Partial<SandboxSpec> = {}): SandboxSpec => ({
    id: this.unique('sandbox'),
    labels: this.labels,
    network: { mode: 'container' },
    cgroupParent: `test-${this.under.run}`,
    ...changes,
  });

  readonly containerSpec = (
    sandbox: SandboxSpec,
    workload: Pick<Workload, 'command'>,
    changes: Partial<ContainerSpec> = {},
  ): ContainerSpec => ({
    name: this.unique('container'),
    sandboxId: sandbox.id,
    labels: this.labels,
    image: this.under.image,
    command: workload.command,
    env: {},
    network: { mode: sandbox.network.mode === 'container' ? 'host' : 'sandbox' },
    cpuShares: 128,
    ...changes,
  });

  /** What a shell does with a script; for drivers that run real programs. */
  readonly ask = (script: string): Pick<Workload, 'command'> => ({ command: ['sh', '-c', script] });

  /** A sandbox with one container in it, not started. */
  readonly make = async (
    workload: Pick<Workload, 'command'>,
    changes: Partial<ContainerSpec> = {},
  ): Promise<ContainerSpec> => {
    const sandbox = this.sandboxSpec();
    await this.runtime.createSandbox(sandbox);
    const spec = this.containerSpec(sandbox, workload, changes);
    await this.runtime.createContainer(spec);
    return spec;
  };

  readonly start = async (
    workload: Pick<Workload, 'command'>,
    changes: Partial<ContainerSpec> = {},
  ): Promise<ContainerSpec> => {
    const spec = await this.make(workload, changes);
    await this.runtime.startContainer(spec.name);
    return spec;
  };

  readonly until = async (
    container: string,
    what: string,
    holds: (seen: Container | undefined) => boolean,
  ): Promise<Container | undefined> => {
    const { clock } = this.under;
    const beganMs = clock.monotonic();
    for (;;) {
      const seen = await this.runtime.inspectContainer(container);
      if (holds(seen)) return seen;
      if (clock.monotonic() - beganMs > deadlineMs)
        throw new Error(`${container} is not ${what} after ${deadlineMs} ms: ${JSON.stringify(seen)}`);
      await clock.sleep(10);
    }
  };

  readonly exited = async (container: string): Promise<ContainerStatus & { readonly state: 'exited' }> => {
    const seen = await this.until(container, 'exited', (one) => one?.status.state === 'exited');
    if (seen?.status.state !== 'exited') throw new TypeError(`${container} came back to life`);
    return seen.status;
  };

  readonly collect = async (lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> => {
    const all: OutputLine[] = [];
    for await (const line of lines) all.push(line);
    return all;
  };

  /** Starts a container and returns all that it says to its end. */
  readonly hear = async (
    workload: Pick<Workload, 'command'>,
    changes: Partial<ContainerSpec> = {},
  ): Promise<OutputLine[]> => {
    const spec = await this.make(workload, changes);
    const lines = this.collect(this.runtime.output(spec.name, 'start', this.never));
    await this.runtime.startContainer(spec.name);
    return lines;
  };

  readonly heardTexts = async (script: string, changes: Partial<ContainerSpec> = {}): Promise<string[]> =>
    (await this.hear(this.ask(script), changes)).map((line) => line.text);

  readonly texts = (lines: readonly OutputLine[], stream: OutputLine['stream']): string[] =>
    lines.filter((line) => line.stream === stream).map((line) => line.text);
}
