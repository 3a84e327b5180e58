import { codeOf } from '../../error-code.ts';
import type { MountedVolume } from '../kubelet-options.ts';
import type {
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  KeySelector,
  Pod,
  PodContainer,
} from '../objects/pod.ts';
import { type Entries, notFound, type ReferencedObjects } from '../objects/referenced-objects.ts';
import { readUnfollowed } from '../volumes/open-unfollowed.ts';
import { valueInEnvFile } from './env-file.ts';
import { expand, type TextRoom, takeRoom, textRoom } from './expansion.ts';
import { environmentField, type PodAddresses, type Resources, resourceField } from './fields.ts';
import { type Service, serviceVariables } from './service-variables.ts';

export interface EnvironmentInputs {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly addresses: PodAddresses;
  /** The node's `status.allocatable`. */
  readonly allocatable: Resources;
  /** All that the kubelet knows of. */
  readonly services: readonly Service[];
  readonly objects: ReferencedObjects;
  /** The pod's, as they are mounted. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  /** Of the pod's network namespace: the container's own `HOSTNAME`, unless it sets one. */
  readonly hostname: string;
}

/**
 * A container's environment: `envFrom`, over it `env` in its order, in which a value may refer to those before it and to
 * services (`$(NAME)`), and what else is known of services.
 * @throws {Error} in upstream's words for CreateContainerConfigError, e.g. `secret "s" not found`.
 */
export async function containerEnvironment(
  inputs: EnvironmentInputs,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { pod, container, services, hostname } = inputs;
  const { namespace } = pod.metadata;
  const links = serviceVariables(services, namespace, pod.spec.enableServiceLinks ?? true);
  const own = new Map<string, string>();
  const whole = textRoom();
  const put = (name: string, value: string): void => {
    takeRoom(whole, name.length + value.length);
    own.set(name, value);
  };
  for (const source of container.envFrom ?? [])
    for (const [key, value] of await entriesFrom(source, inputs, signal))
      put(`${source.prefix ?? ''}${key}`, value);
  const room = textRoom();
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, own, { ...inputs, links, room }, signal);
    if (value !== undefined) put(variable.name, value);
  }
  return new Map([['HOSTNAME', hostname], ...links, ...own]);
}

/** @returns undefined: what it comes from is not there, and need not be. */
async function variableValue(
  { value = '', valueFrom }: EnvVar,
  own: ReadonlyMap<string, string>,
  {
    pod,
    container,
    addresses,
    allocatable,
    objects,
    volumes,
    links,
    room,
  }: EnvironmentInputs & { readonly links: ReadonlyMap<string, string>; readonly room: TextRoom },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (value !== '') return expand(value, (name) => own.get(name) ?? links.get(name), room);
  if (valueFrom === undefined) return '';
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  if (fieldRef) return environmentField(fieldRef.fieldPath, pod, addresses);
  if (resourceFieldRef) return resourceField(resourceFieldRef, pod, container, allocatable);
  const { namespace } = pod.metadata;
  if (configMapKeyRef) {
    const found = await objects.configMap(namespace, configMapKeyRef.name ?? '', signal);
    return entryAt(configMapKeyRef, found?.text, 'ConfigMap', namespace);
  }
  if (secretKeyRef) {
    const found = await objects.secret(namespace, secretKeyRef.name ?? '', signal);
    return entryAt(secretKeyRef, found && texts(found), 'Secret', namespace);
  }
  if (fileKeyRef) return entryInFile(fileKeyRef, volumes);
  throw new Error(`${Object.keys(valueFrom).join(', ')} of an environment variable is not supported`);
}

function entryAt(
  { name = '', key, optional = false }: KeySelector,
  entries: ReadonlyMap<string, string> | undefined,
  kind: 'ConfigMap' | 'Secret',
  namespace: string,
): string | undefined {
  const value = entries?.get(key);
  if (value !== undefined || optional) return value;
  throw entries === undefined
    ? notFound(kind, name)
    : new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

/** As much as a file of variables may have. */
const mostFileBytes = 1_048_576;
/** Of one variable, as upstream bounds it. */
const mostValueBytes = 32 * 1_024;

async function entryInFile(
  { volumeName, path, key, optional = false }: FileKeySelector,
  volumes: ReadonlyMap<string, MountedVolume>,
): Promise<string | undefined> {
  const volume = volumes.get(volumeName);
  if (volume === undefined)
    throw new Error(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  let value: string | undefined;
  try {
    value = valueInEnvFile(await readUnfollowed(volume.source, path, mostFileBytes), key);
  } catch (error) {
    if (optional && codeOf(error) === 'ENOENT') return undefined;
    // What the file holds is not told.
    throw new Error("couldn't parse env file", { cause: error });
  }
  if (value === undefined && !optional)
    throw new Error(`environment variable key "${key}" not found in file "${path}"`);
  if (value !== undefined && Buffer.byteLength(value) > mostValueBytes)
    throw new Error(
      `environment variable value for key "${key}" exceeds maximum size of ${mostValueBytes} bytes`,
    );
  return value;
}

async function entriesFrom(
  { configMapRef, secretRef, ...other }: EnvFromSource,
  { pod, objects }: EnvironmentInputs,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { namespace } = pod.metadata;
  const [kind, ref] = configMapRef
    ? (['ConfigMap', configMapRef] as const)
    : (['Secret', secretRef] as const);
  if (ref === undefined) throw new Error(`${Object.keys(other).join(', ')} of envFrom is not supported`);
  const { name = '', optional = false } = ref;
  const entries =
    kind === 'ConfigMap'
      ? (await objects.configMap(namespace, name, signal))?.text
      : await objects.secret(namespace, name, signal).then((found) => found && texts(found));
  if (entries === undefined && !optional) throw notFound(kind, name);
  return entries ?? new Map();
}

const texts = (entries: Entries): ReadonlyMap<string, string> =>
  new Map([...entries].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]));
