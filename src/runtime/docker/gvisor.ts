import { readdirSync, readFileSync } from 'node:fs';
import { type Clock, hex, type Random } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { ContainerSpec, GvisorSupport } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import { containerOf } from './container-view.ts';
import type { EngineApi } from './engine-api.ts';
import { roleLabel } from './labels.ts';
import { pauseReference } from './pause-image.ts';

/** Some hundred milliseconds on an idle machine. One that hangs (its KVM platform can) never ends by itself. */
export const gvisorStartMs = 30_000;
const removeMs = 20_000;

/** By the names that gVisor's documentation gives it. */
export const isGvisorRuntime = (name: string): boolean => /^(runsc|gvisor)/i.test(name);

/**
 * gVisor as one of the Engine's OCI runtimes (https://gvisor.dev/docs/user_guide/quick_start/docker/). The Engine only
 * knows that it was told of a program; whether that starts containers here shows when it has started one.
 */
export class Gvisor {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #runtimes: readonly string[];
  /** The Engine's name for it; undefined when it has none. */
  readonly #runtime: string | undefined;
  readonly #makePauseImage: () => Promise<void>;
  readonly #leftovers: () => Promise<readonly string[]>;
  /** Its processes are ours to see and to kill. */
  readonly #seesProcesses: boolean;
  #support: Promise<GvisorSupport> | undefined;

  constructor(parts: {
    readonly api: EngineApi;
    readonly clock: Clock;
    readonly random: Random;
    readonly labels: Readonly<Record<string, string>>;
    readonly runtimes: readonly string[];
    readonly makePauseImage: () => Promise<void>;
    /** Names of containers of earlier probes that were cut off. */
    readonly leftovers: () => Promise<readonly string[]>;
    readonly seesProcesses: boolean;
  }) {
    this.#api = parts.api;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#labels = parts.labels;
    this.#runtime = parts.runtimes.find(isGvisorRuntime);
    this.#runtimes = parts.runtimes;
    this.#makePauseImage = parts.makePauseImage;
    this.#leftovers = parts.leftovers;
    this.#seesProcesses = parts.seesProcesses;
  }

  support(): Promise<GvisorSupport> {
    this.#support ??= this.#probe();
    return this.#support;
  }

  /**
   * The Engine's runtime for a container; undefined: its default.
   * @throws {RuntimeError} `Unsupported` it is to have gVisor, or a runtime by name, and can't.
   */
  async runtimeFor(spec: ContainerSpec): Promise<string | undefined> {
    const { ociRuntime } = spec;
    if (ociRuntime !== undefined) {
      if (!this.#runtimes.includes(ociRuntime))
        throw impossible(spec, `the engine has no runtime ${JSON.stringify(ociRuntime)}`);
      if (isGvisorRuntime(ociRuntime)) refuseSharing(spec);
      return ociRuntime;
    }
    if (spec.isolation === undefined) return undefined;
    const support = await this.support();
    if (!support.works) {
      if (spec.isolation === 'strongest') return undefined;
      throw impossible(spec, `it is to run under gVisor. ${support.why}`);
    }
    refuseSharing(spec);
    return this.#runtime;
  }

  /** Kills what a start that hangs has left: the Engine waits for it as long as it lives. */
  killStuck(runtimeId: string): void {
    if (!this.#seesProcesses) return;
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const command = commandOf(entry);
      if (!command.includes(runtimeId) || !/runsc/.test(command)) continue;
      try {
        process.kill(Number(entry), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }

  async #probe(): Promise<GvisorSupport> {
    if (this.#runtime === undefined)
      return {
        works: false,
        why: 'The engine has no runtime "runsc": ./catamaran setup installs gVisor where it can',
      };
    const name = `catamaran-gvisor-probe-${hex(this.#random, 12)}`;
    let runtimeId: string | undefined;
    const beganAt = this.#clock.monotonic();
    try {
      for (const left of await this.#leftovers()) await this.#remove(left);
      await this.#makePauseImage();
      const made = await this.#api.json('POST', '/containers/create', {
        query: { name },
        json: {
          Image: pauseReference,
          Labels: { ...this.#labels, [roleLabel]: 'probe' },
          HostConfig: {
            Runtime: this.#runtime,
            NetworkMode: 'none',
            ReadonlyRootfs: true,
            CapDrop: ['ALL'],
            LogConfig: { Type: 'none', Config: {} },
          },
        },
      });
      runtimeId = idOf(made);
      await this.#api.json('POST', `/containers/${name}/start`, { timeoutMs: gvisorStartMs });
      const tookMs = Math.round(this.#clock.monotonic() - beganAt);
      const { status } = containerOf(new Fields(await this.#api.json('GET', `/containers/${name}/json`)));
      if (status.state !== 'running') throw new Error(`it was ${status.state} right after its start`);
      return { works: true, how: `gVisor (runtime ${this.#runtime}) started a container in ${tookMs} ms` };
    } catch (error) {
      const tookMs = this.#clock.monotonic() - beganAt;
      if (runtimeId !== undefined && tookMs >= gvisorStartMs) this.killStuck(runtimeId);
      const words = error instanceof Error ? error.message : String(error);
      const cause =
        tookMs >= gvisorStartMs
          ? `did not start a container within ${gvisorStartMs / 1000} s`
          : `failed: ${words}`;
      return {
        works: false,
        why: `The engine's runtime "${this.#runtime}" ${cause}. Try "docker run --rm --runtime ${this.#runtime} --network none IMAGE true"`,
      };
    } finally {
      await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#api.json('DELETE', `/containers/${name}`, {
        query: { force: true, v: true },
        timeoutMs: removeMs,
      });
    } catch {
      // It carries the installation's labels: the next probe takes it away, or `purge`.
    }
  }
}

/** Each container is a kernel of its own there: processes and shared memory of another one are out of reach. */
function refuseSharing(spec: ContainerSpec): void {
  if (spec.pidMode !== undefined || spec.ipcMode === 'sandbox' || spec.ipcMode === 'host')
    throw impossible(spec, 'under gVisor containers cannot share a PID or IPC namespace');
}

function impossible({ name }: ContainerSpec, why: string): RuntimeError {
  return new RuntimeError('Unsupported', `Cannot create container '${name}': ${why}`, why);
}

function idOf(created: unknown): string | undefined {
  const id = typeof created === 'object' && created !== null && 'Id' in created ? created.Id : undefined;
  return typeof id === 'string' ? id : undefined;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
