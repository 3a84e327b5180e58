import { createHash } from 'node:crypto';
import type { Pack } from 'tar-stream';

/** One file, directory or link of a layer or archive. */
export type TarEntry =
  | { readonly path: string; readonly content: Uint8Array | string; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string }
  | { readonly path: string; readonly isDirectory: true; readonly mode?: number };

export interface ImageArchiveSpec {
  /** E.g. `catamaran/demo:1`; without a tag, `latest`. */
  readonly reference: string;
  /** Uncompressed tars, the lowest first. */
  readonly layers: readonly Uint8Array[];
  readonly config: ImageConfig;
  /** Default: this machine's. */
  readonly architecture?: 'amd64' | 'arm64';
}

/** The `config` of an OCI image (image-spec, "Image Configuration"), in its own casing. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Docker's addition: durations in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly Retries?: number;
    readonly StartPeriod?: number;
  };
}

/** Everything carries this time, so that the same input gives the same bytes and the same image id. */
const epoch = '1970-01-01T00:00:00Z';
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes an image without a registry or a build: a tar that is a docker-archive (`docker load`) and an OCI layout
 * (`ctr images import`) at once. Reproducible: see `imageId`.
 */
export async function imageArchive(spec: ImageArchiveSpec): Promise<Uint8Array> {
  const config = configurationOf(spec);
  const { reference, tag } = withTag(spec.reference);
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: spec.layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
  });
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: {
          'io.containerd.image.name': fullName(reference),
          'org.opencontainers.image.ref.name': tag,
        },
      },
    ],
  });
  const dockerManifest = json([
    { Config: blobPath(config), RepoTags: [reference], Layers: spec.layers.map(blobPath) },
  ]);
  const blobs = new Map([config, manifest, ...spec.layers].map((blob) => [blobPath(blob), blob]));
  return tar([
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', content: index },
    { path: 'manifest.json', content: dockerManifest },
    { path: 'blobs/', isDirectory: true },
    { path: 'blobs/sha256/', isDirectory: true },
    ...[...blobs].map(([path, content]) => ({ path, content })),
  ]);
}

/** The id that the Engine will give the image: the digest of its configuration. */
export function imageId(spec: ImageArchiveSpec): string {
  return `sha256:${sha256(configurationOf(spec))}`;
}

/** A tar with fixed times and owner root, entries in the order given. */
export async function tar(entries: readonly TarEntry[]): Promise<Uint8Array> {
  // Loaded here: most starts make no image.
  const { pack } = await import('tar-stream');
  const archive = pack();
  for (const entry of entries) addEntry(archive, entry);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function addEntry(archive: Pack, entry: TarEntry): void {
  const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(0) };
  if ('linkTo' in entry) {
    archive.entry({ ...owner, name: entry.path, type: 'symlink', linkname: entry.linkTo, mode: 0o777 });
  } else if ('isDirectory' in entry) {
    archive.entry({ ...owner, name: entry.path, type: 'directory', mode: entry.mode ?? 0o755 });
  } else {
    const header = { ...owner, name: entry.path, type: 'file' as const, mode: entry.mode ?? 0o644 };
    archive.entry(header, Buffer.from(entry.content));
  }
}

function configurationOf({ layers, config, architecture }: ImageArchiveSpec): Buffer {
  return json({
    architecture: architecture ?? (process.arch === 'arm64' ? 'arm64' : 'amd64'),
    os: 'linux',
    created: epoch,
    config: { Env: [defaultPath], ...config },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: layers.map(() => ({ created: epoch, created_by: 'catamaran' })),
  });
}

function withTag(reference: string): { readonly reference: string; readonly tag: string } {
  const tag = /:([\w][\w.-]{0,127})$/.exec(reference)?.[1];
  return tag === undefined ? { reference: `${reference}:latest`, tag: 'latest' } : { reference, tag };
}

/** containerd wants the registry spelled out. */
function fullName(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  if (rest.length === 0) return `docker.io/library/${reference}`;
  return /[.:]/.test(first) || first === 'localhost' ? reference : `docker.io/${reference}`;
}

const descriptor = (mediaType: string, blob: Uint8Array) => ({
  mediaType,
  digest: `sha256:${sha256(blob)}`,
  size: blob.byteLength,
});
const blobPath = (blob: Uint8Array): string => `blobs/sha256/${sha256(blob)}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
