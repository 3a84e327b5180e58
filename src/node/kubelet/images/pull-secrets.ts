import type { RegistryAuth } from '../../../runtime/index.ts';
import { parseJson, Reader } from '../../reading.ts';
import type { Api } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import { secrets } from '../api/resources.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod } from '../objects/pod.ts';
import type { Secret } from '../objects/secret.ts';
import type { ImageName } from './image-name.ts';

/** What a pod's imagePullSecrets hold for an image's registry. Those that are not there are told of and left out. */
export function pullSecrets(
  api: Pick<Api, 'get'>,
  events: PodEvents,
): (pod: Pod, image: ImageName, signal: AbortSignal) => Promise<readonly RegistryAuth[]> {
  return async (pod, image, signal) => {
    const { namespace } = pod.metadata;
    const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []);
    const missing: string[] = [];
    const found: Secret[] = [];
    for (const name of names) {
      try {
        found.push(await api.get(secrets, namespace, name, signal));
      } catch (error) {
        if (!isNotFound(error)) throw error;
        missing.push(name);
      }
    }
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      events.warning(pod, 'FailedToRetrieveImagePullSecret', message);
    }
    return registryAuths(found, image);
  };
}

/** What Secrets of the types dockerconfigjson and dockercfg hold for an image's registry. What is broken is left out. */
export function registryAuths(secrets: readonly Secret[], image: ImageName): readonly RegistryAuth[] {
  return secrets.flatMap((secret) =>
    entriesOf(secret)
      .filter(([registry]) => isFor(registry, image))
      .flatMap(([, entry]) => authOf(entry) ?? []),
  );
}

function entriesOf({ type, data = {} }: Secret): readonly (readonly [string, Reader])[] {
  const [key, within] =
    type === 'kubernetes.io/dockerconfigjson'
      ? (['.dockerconfigjson', 'auths'] as const)
      : type === 'kubernetes.io/dockercfg'
        ? (['.dockercfg', undefined] as const)
        : [];
  const text = key === undefined ? undefined : data[key];
  if (text === undefined) return [];
  try {
    const whole = new Reader(parseJson(Buffer.from(text, 'base64').toString()), key ?? '');
    const auths = within === undefined ? whole : whole.object(within, (reader) => reader);
    return auths.keys().map((name) => [name, auths.object(name, (reader) => reader)] as const);
  } catch {
    return [];
  }
}

/** A registry may be written as a host, as a URL, and with the beginning of a repository. */
function isFor(registry: string, { registry: host, repository }: ImageName): boolean {
  const bare = registry.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '');
  const isDockerHub = host === 'index.docker.io' && ['index.docker.io', 'docker.io'].includes(bare);
  return isDockerHub || bare === host || repository === bare || repository.startsWith(`${bare}/`);
}

function authOf(entry: Reader): RegistryAuth | undefined {
  const [username, password] = [entry.optionalString('username'), entry.optionalString('password')];
  if (username !== undefined && password !== undefined) return { username, password };
  const both = Buffer.from(entry.optionalString('auth') ?? '', 'base64').toString();
  const colon = both.indexOf(':');
  return colon < 1 ? undefined : { username: both.slice(0, colon), password: both.slice(colon + 1) };
}
