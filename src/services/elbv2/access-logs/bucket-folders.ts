import {
  createReadStream,
  createWriteStream,
  type Dirent,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Log } from '../../../log.ts';

/** All logs of all load balancers together; the oldest go first. */
const mostBytes = 1024 * 1024 * 1024;
const ending = '.log.gz';
/** What still has to be compressed stands beside where it will be. */
const partEnding = '.part';

/**
 * Folders that stand for buckets, as there is no S3: an object is a file, its key the path below the bucket's. Logs are
 * bounded in all; whatever else somebody puts there is left alone.
 */
export class BucketFolders {
  readonly #directory: string;
  readonly #log: Log;
  readonly #mostBytes: number;
  #settling: Promise<void> = Promise.resolve();

  constructor({
    directory,
    log,
    mostLogBytes = mostBytes,
  }: {
    readonly directory: string;
    readonly log: Log;
    readonly mostLogBytes?: number;
  }) {
    this.#directory = directory;
    this.#log = log;
    this.#mostBytes = mostLogBytes;
  }

  /** @throws what the file system says. */
  write(bucket: string, key: string, content: string): void {
    writeFileSync(this.#made(bucket, key), content);
  }

  /**
   * Moves a file there. Compressed it becomes the object of that key with the next `settle`, also of a later process.
   * @throws what the file system says.
   */
  take(path: string, bucket: string, key: string): void {
    renameSync(path, `${this.#made(bucket, key)}${partEnding}`);
  }

  /** Compresses what was taken, and removes the oldest logs beyond the bound. */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      try {
        const files = filesBelow(this.#directory);
        for (const path of files) if (path.endsWith(ending + partEnding)) await compress(path);
        this.#prune();
      } catch (error) {
        this.#log.error('Load balancers’ logs cannot be stored; it is tried again', { error });
      }
    });
    return this.#settling;
  }

  #prune(): void {
    const logs = filesBelow(this.#directory)
      .filter((path) => path.endsWith(ending))
      .map((path) => ({ path, ...sizeAndTime(path) }))
      .sort((one, other) => other.time - one.time);
    let sum = 0;
    for (const { path, size } of logs) {
      sum += size;
      if (sum > this.#mostBytes) rmSync(path, { force: true });
    }
  }

  #made(bucket: string, key: string): string {
    const path = join(this.#directory, bucket, key);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return path;
  }
}

async function compress(part: string): Promise<void> {
  const path = part.slice(0, -partEnding.length);
  await pipeline(createReadStream(part), createGzip(), createWriteStream(`${path}.new`, { mode: 0o600 }));
  renameSync(`${path}.new`, path);
  rmSync(part, { force: true });
}

function filesBelow(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

function sizeAndTime(path: string): { readonly size: number; readonly time: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, time: mtimeMs };
}
