/**
 * The composition root: the only place that knows every part of the house, and where time, chance and the log of
 * a real run come from. A command loads what it needs: nothing here opens anything by itself.
 */
import packageJson from '#package' with { type: 'json' };
import type { Composition } from '../cli/index.ts';
import { systemClock, systemRandom } from '../clock/index.ts';
import { createLog, type Log } from '../log.ts';

export function compose(): Composition {
  const clock = systemClock({ keepsProcessAlive: true });
  const random = systemRandom();
  const log = lazily(() => createLog({ level: 'warn' }));
  const engine = async () => (await import('./engine.ts')).engineDoor(clock, log);
  const withEngine = async <T>(
    work: (runtime: import('../runtime/index.ts').DockerRuntime) => Promise<T>,
  ): Promise<T> => {
    const { openEngine } = await import('./engine.ts');
    const { runtime } = await openEngine({ clock, random, log, labels: {} });
    await using _ = runtime;
    return await work(runtime);
  };
  return {
    version: packageJson.version,
    clock,
    random,
    engine: {
      find: async (signal) => (await engine()).find(signal),
      start: async (signal) => (await engine()).start(signal),
      gvisor: async (signal) => (await engine()).gvisor(signal),
      offerGvisor: async (signal) => (await engine()).offerGvisor(signal),
    },
    // Why it can't be loaded, `startServer` tells.
    loadServer: () => void import('./server.ts').catch(() => {}),
    startServer: async (options) => (await import('./server.ts')).startServer(options),
    startJoined: async (options) => (await import('./machines/joined-server.ts')).startJoined(options),
    ownAddress: async (endpoint) => (await import('./machines/follow-records.ts')).ownAddress(endpoint),
    purge: async (stateDirectory) =>
      (await import('./purge.ts')).purge(stateDirectory, { clock, random, log }),
    makeBusyboxImage: (reference) =>
      withEngine(async (runtime) => {
        const { busyboxLayer, imageArchive } = await import('../runtime/index.ts');
        await runtime.loadImage(
          await imageArchive({ reference, layers: [await busyboxLayer()], config: {} }),
        );
      }),
    removeImage: (reference) => withEngine((runtime) => runtime.removeImage(reference)),
  };
}

/** A log that is made when something is said: most commands never do. */
function lazily(make: () => Log): Log {
  let made: Log | undefined;
  const log = (): Log => {
    made ??= make();
    return made;
  };
  return {
    debug: (message, fields) => log().debug(message, fields),
    info: (message, fields) => log().info(message, fields),
    warn: (message, fields) => log().warn(message, fields),
    error: (message, fields) => log().error(message, fields),
  };
}
