import { CommandError, type EngineDescription, type EngineDoor } from '../cli/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import {
  type DockerRuntime,
  type FoundEngine,
  findEngine,
  gvisorOffer,
  offerGvisor,
  openDockerRuntime,
  RuntimeError,
  startEngine,
} from '../runtime/index.ts';

/** Opens the runtime on this machine's Engine; `labels` go on what belongs to no single task. */
export async function openEngine(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly labels: Readonly<Record<string, string>>;
  readonly disksDirectory?: string;
  readonly signal?: AbortSignal;
}): Promise<{ readonly runtime: DockerRuntime; readonly engine: EngineDescription }> {
  const { clock, signal } = options;
  const found = await translated(() => findEngine(clock, signal && { signal }));
  if (found === undefined) {
    throw new CommandError(
      'No container engine answers on this machine: ./catamaran setup installs and starts one, or set DOCKER_HOST',
    );
  }
  const runtime = await translated(() => openDockerRuntime({ ...options, engine: found }));
  return { runtime, engine: describe(found) };
}

/** Finds out whether what tasks write can be limited, now and not with the first task. Never rejects. */
export async function warnOfUnlimitedStorage(
  runtime: Pick<DockerRuntime, 'sandboxDisks'>,
  log: Log,
): Promise<void> {
  try {
    const disks = await runtime.sandboxDisks();
    if (!disks.works) log.warn('The ephemeral storage of tasks is not limited', { why: disks.why });
  } catch (error) {
    log.warn('Whether the ephemeral storage of tasks can be limited is found out with the first task', {
      error,
    });
  }
}

/** The Engine as the set-up steps see it. */
export function engineDoor(clock: Clock, log: Log): EngineDoor {
  return {
    find: async (signal) => {
      const found = await translated(() => findEngine(clock, { signal }));
      return found && describe(found);
    },
    gvisor: async (signal) => {
      const found = await translated(() => findEngine(clock, { signal }));
      return found && translated(() => gvisorOffer(found, clock));
    },
    offerGvisor: async (signal) => {
      const found = await translated(() => findEngine(clock, { signal }));
      if (found === undefined)
        throw new CommandError('No container engine answers that could be told of gVisor');
      await translated(() => offerGvisor(found, clock, signal));
    },
    start: async (signal) => describe(await translated(() => startEngine({ clock, log, signal }))),
  };
}

function describe({ name, version, address }: FoundEngine): EngineDescription {
  return { name, version, address: address.uri };
}

/** What the Engine's driver says is fit for a person: it names what to do. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}
