import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lchown, link, mkdir, open, readFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Header } from 'tar-stream';
import { fieldsOfList } from './fields.ts';
import { type DirectoryNode, type FileNode, ImageTree, type LinkNode } from './image-tree.ts';

/**
 * Writes the files of an image, its layers laid over each other, into a directory that is not there yet: whole, or not at
 * all. What an earlier try has left beside it is removed. Devices, pipes and extended attributes are left out; owners are
 * kept where this process may give files away.
 * @param archive As `Runtime.saveImage` gives it.
 * @throws {Error} It is no archive of an image, or a layer of it can't be laid over the others.
 */
export async function unpackImage(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const work = `${directory}.unpacking`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const layers = await saved(archive, work, signal);
    const tree = new ImageTree();
    for (const [index, layer] of layers.entries()) {
      tree.beginLayer(index);
      for await (const entry of entriesOf(layer)) {
        tree.add(entry.header);
        entry.resume();
        signal?.throwIfAborted();
      }
    }
    const files = join(work, 'files');
    await makeDirectories(tree.root, files);
    const wanted = Map.groupBy(tree.files(), ({ source }) => source.layer);
    for (const [index, layer] of layers.entries())
      await writeFiles(layer, wanted.get(index) ?? [], files, signal);
    for (const each of tree.links()) await writeLink(each, files);
    await finishDirectories(tree.root, files);
    await rename(files, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The archive's layers as files, the lowest first. A layer that is there twice is a link in it. */
async function saved(
  archive: AsyncIterable<Uint8Array>,
  work: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  for await (const entry of await untar(Readable.from(archive))) {
    signal?.throwIfAborted();
    const { name, type, linkname } = entry.header;
    if (type === 'symlink') links.set(name, posix.join(posix.dirname(name), linkname ?? ''));
    if (type === 'file') {
      const path = join(work, `part-${files.size}`);
      files.set(name, path);
      await pipeline(entry, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    } else entry.resume();
  }
  const pathOf = (name: string): string => {
    const path = files.get(name) ?? files.get(links.get(name) ?? '');
    if (path === undefined) throw new Error(`The archive of the image has no ${name}`);
    return path;
  };
  const manifest: unknown = JSON.parse(await readFile(pathOf('manifest.json'), 'utf8'));
  return (fieldsOfList(manifest)[0]?.texts('Layers') ?? []).map(pathOf);
}

/** @param layer A tar, compressed or not. */
async function* entriesOf(layer: string) {
  const bytes = createReadStream(layer);
  const decompress = await decompressorOf(layer);
  yield* await untar(decompress === undefined ? bytes : piped(bytes, decompress));
}

/** Its entries, each of which has to be read or resumed before the next comes. */
export async function untar(bytes: Readable) {
  // Loaded here: most starts look into no image.
  const { extract } = await import('tar-stream');
  const reading = extract();
  bytes.on('error', (error) => reading.destroy(error)).pipe(reading);
  return reading;
}

const piped = (bytes: Readable, through: Transform): Transform =>
  bytes.on('error', (error) => through.destroy(error)).pipe(through);

async function decompressorOf(path: string): Promise<Transform | undefined> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const magic = buffer.toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip();
  return magic === '28b52ffd' ? createZstdDecompress() : undefined;
}

/** Open to nobody else until all is there. */
async function makeDirectories(directory: DirectoryNode, path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  for (const [name, child] of directory.children)
    if (child.kind === 'directory') await makeDirectories(child, join(path, name));
}

async function finishDirectories(directory: DirectoryNode, path: string): Promise<void> {
  for (const [name, child] of directory.children)
    if (child.kind === 'directory') await finishDirectories(child, join(path, name));
  await dress(path, directory.header ?? { mode: 0o755 });
}

/** @param wanted Those whose content is in this layer; those of one content are one file with several names. */
async function writeFiles(
  layer: string,
  wanted: readonly FileNode[],
  root: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (wanted.length === 0) return;
  const bySource = Map.groupBy(wanted, ({ source }) => source.index);
  let index = 0;
  for await (const entry of entriesOf(layer)) {
    signal?.throwIfAborted();
    const [first, ...others] = (bySource.get(index) ?? []).map(({ path }) => join(root, path));
    index += 1;
    if (first === undefined) entry.resume();
    else {
      await pipeline(entry, createWriteStream(first, { flags: 'wx', mode: 0o600 }));
      await dress(first, entry.header);
      for (const other of others) await link(first, other);
    }
  }
}

async function writeLink({ path, header }: LinkNode, root: string): Promise<void> {
  const at = join(root, path);
  await symlink(header.linkname ?? '', at);
  if (mayGiveAway()) await lchown(at, header.uid ?? 0, header.gid ?? 0);
}

async function dress(path: string, header: Partial<Header>): Promise<void> {
  const { uid = 0, gid = 0, mode = 0o644, mtime } = header;
  if (mayGiveAway()) await lchown(path, uid, gid);
  // After the owner, whose change takes the bits of set-user-id away.
  await chmod(path, mode & 0o7777);
  if (mtime) await utimes(path, mtime, mtime);
}

const mayGiveAway = (): boolean => process.getuid?.() === 0;
