import type { Fields } from './fields.ts';
import type { Image } from './runtime.ts';

/** What the runtime tells of an image's `config`, which Docker's inspection and the OCI configuration spell alike. */
export function readImageConfig(
  config: Fields,
): Pick<Image, 'stopSignal' | 'user' | 'exposedPorts' | 'env' | 'volumes'> {
  const stopSignal = config.word('StopSignal');
  const user = config.word('User');
  const volumes = config.object('Volumes').keys();
  return {
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(user === undefined ? {} : { user }),
    exposedPorts: config
      .object('ExposedPorts')
      .keys()
      .flatMap((key) => exposedPort(key) ?? []),
    env: Object.fromEntries(config.texts('Env').map(splitVariable)),
    ...(volumes.length > 0 && { volumes }),
  };
}

function exposedPort(key: string): Image['exposedPorts'][number] | undefined {
  const [, port, protocol = 'tcp'] = /^(\d+)(?:\/(tcp|udp))?$/.exec(key) ?? [];
  if (port === undefined) return undefined;
  return { port: Number(port), protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

function splitVariable(variable: string): [name: string, value: string] {
  const equals = variable.indexOf('=');
  return equals < 0 ? [variable, ''] : [variable.slice(0, equals), variable.slice(equals + 1)];
}
