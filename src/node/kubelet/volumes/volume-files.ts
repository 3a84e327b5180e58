import { metadataField, type Resources, resourceField } from '../environment/fields.ts';
import type { Pod, PodSpec } from '../objects/pod.ts';
import { notFound, type ReferencedObjects } from '../objects/referenced-objects.ts';
import type { VolumeFile, VolumeFiles } from './atomic-directory.ts';
import type { TokenRequest } from './token-cache.ts';
import type {
  DownwardProjection,
  KeyToPath,
  ObjectProjection,
  ProjectedSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from './volume-source.ts';

const defaultFileMode = 0o644;
const defaultTokenSeconds = 3_600;

export interface FileSources {
  readonly objects: ReferencedObjects;
  /** A token that is good now. */
  token(request: TokenRequest, signal: AbortSignal): Promise<string>;
  /** The node's `status.allocatable`. */
  readonly allocatable: Resources;
}

/**
 * The files of a volume whose content comes from the API server, as they should be now.
 * @throws {Error} in upstream's words, as they follow `MountVolume.SetUp failed for volume "x" : `.
 */
export async function volumeFiles(
  source: ProjectedSource,
  pod: Pod,
  sources: FileSources,
  signal: AbortSignal,
): Promise<VolumeFiles> {
  const { mode, projections } = projectionsOf(source);
  const files = new Map<string, VolumeFile>();
  const failures: string[] = [];
  for (const projection of projections) {
    try {
      for (const [path, file] of await projectedFiles(projection, mode, pod, sources, signal))
        files.set(path, file);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  return files;
}

/** The simple kinds are a projected volume of one source. */
function projectionsOf(source: ProjectedSource): {
  readonly mode: number;
  readonly projections: readonly VolumeProjection[];
} {
  switch (source.kind) {
    case 'configMap': {
      const { defaultMode: mode = defaultFileMode, ...configMap } = source.configMap;
      return { mode, projections: [{ configMap }] };
    }
    case 'secret': {
      const { defaultMode: mode = defaultFileMode, secretName: name = '', ...rest } = source.secret;
      return { mode, projections: [{ secret: { ...rest, name } }] };
    }
    case 'downwardAPI': {
      const { defaultMode: mode = defaultFileMode, ...downwardAPI } = source.downwardAPI;
      return { mode, projections: [{ downwardAPI }] };
    }
    case 'projected': {
      const { defaultMode: mode = defaultFileMode, sources = [] } = source.projected;
      return { mode, projections: sources };
    }
  }
}

async function projectedFiles(
  projection: VolumeProjection,
  mode: number,
  pod: Pod,
  sources: FileSources,
  signal: AbortSignal,
): Promise<VolumeFiles> {
  const { configMap, secret, downwardAPI, serviceAccountToken, ...others } = projection;
  const { namespace } = pod.metadata;
  if (configMap) {
    const found = await sources.objects.configMap(namespace, configMap.name ?? '', signal);
    const texts = [...(found?.text ?? [])].map(([key, text]) => [key, Buffer.from(text)] as const);
    const entries = found && new Map<string, Uint8Array>([...found.binary, ...texts]);
    return objectFiles('ConfigMap', configMap, entries, mode);
  }
  if (secret) {
    const entries = await sources.objects.secret(namespace, secret.name ?? '', signal);
    return objectFiles('Secret', secret, entries, mode);
  }
  if (downwardAPI) return downwardFiles(downwardAPI, mode, pod, sources.allocatable);
  if (serviceAccountToken) {
    const token = await sources.token(tokenRequest(serviceAccountToken, pod), signal);
    return new Map([[serviceAccountToken.path, tokenFile(token, mode, pod.spec)]]);
  }
  throw new Error(`projected volumes of ${Object.keys(others).join(', ')} are not supported on this node`);
}

const keyOfNone = {
  ConfigMap: 'configmap references non-existent config key',
  Secret: 'references non-existent secret key',
};

function objectFiles(
  kind: 'ConfigMap' | 'Secret',
  { name = '', items = [], optional = false }: ObjectProjection,
  entries: ReadonlyMap<string, Uint8Array> | undefined,
  defaultMode: number,
): VolumeFiles {
  if (entries === undefined && !optional) throw notFound(kind, name);
  const paths: readonly KeyToPath[] =
    items.length > 0 ? items : [...(entries?.keys() ?? [])].map((key) => ({ key, path: key }));
  const files = new Map<string, VolumeFile>();
  for (const { key, path, mode = defaultMode } of paths) {
    const content = entries?.get(key);
    if (content !== undefined) files.set(path, { content, mode });
    else if (!optional) throw new Error(`${keyOfNone[kind]}: ${key}`);
  }
  return files;
}

function downwardFiles(
  { items = [] }: DownwardProjection,
  defaultMode: number,
  pod: Pod,
  allocatable: Resources,
): VolumeFiles {
  return new Map(
    items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
      const text = fieldRef
        ? metadataField(fieldRef.fieldPath, pod)
        : resourceField(resourceFieldRef ?? { resource: '' }, pod, undefined, allocatable);
      return [path, { content: Buffer.from(text), mode }];
    }),
  );
}

/** What a pod's token volume asks the API server for: a token that is good while the pod is there. */
function tokenRequest(
  { audience, expirationSeconds = defaultTokenSeconds }: ServiceAccountTokenProjection,
  { metadata, spec }: Pod,
): TokenRequest {
  return {
    ...{ namespace: metadata.namespace, serviceAccount: spec.serviceAccountName ?? 'default' },
    audiences: audience ? [audience] : [],
    expirationSeconds,
    pod: { name: metadata.name, uid: metadata.uid },
  };
}

/**
 * Who runs as one user alone owns the token and nobody else reads it; with an `fsGroup` that group reads it too, whose
 * permission comes with the volume's ownership.
 */
function tokenFile(token: string, mode: number, spec: PodSpec): VolumeFile {
  const uid = onlyUser(spec);
  const isPrivate = uid !== undefined || spec.securityContext?.fsGroup !== undefined;
  return {
    ...{ content: Buffer.from(token), mode: isPrivate ? 0o600 : mode },
    ...(uid !== undefined && { uid }),
  };
}

/** The user that all containers run as; undefined: not all say so, or not the same. */
function onlyUser({ containers, initContainers = [], securityContext }: PodSpec): number | undefined {
  const users = new Set(
    [...initContainers, ...containers].map(
      (each) => each.securityContext?.runAsUser ?? securityContext?.runAsUser,
    ),
  );
  const [only] = users;
  return users.size === 1 ? only : undefined;
}
