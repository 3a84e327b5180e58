import packageJson from '#package' with { type: 'json' };
import { CommandError, run } from './cli/index.ts';
import { systemClock, systemRandom } from './clock/index.ts';

/** The composition root: the only place that knows every part. */
const notComposed = (what: string) => (): never => {
  throw new CommandError(`${what} is not part of this build of Catamaran yet`);
};

process.exitCode = await run(process.argv.slice(2), {
  version: packageJson.version,
  clock: systemClock({ keepsProcessAlive: true }),
  random: systemRandom(),
  engine: { find: async () => undefined, start: notComposed('The Docker Engine') },
  startServer: notComposed('The server'),
  purge: notComposed('Purging'),
  makeBusyboxImage: notComposed('Making images'),
  removeImage: notComposed('Removing images'),
});
