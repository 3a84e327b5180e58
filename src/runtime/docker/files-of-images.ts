import { posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { hex, type Random } from '../../clock/index.ts';
import { untar } from '../image-files.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { EngineApi } from './engine-api.ts';
import { attempting, isStatus } from './failures.ts';
import { roleLabel } from './labels.ts';

const largestBytes = 1024 * 1024;
const mostLinks = 8;

/** Reads files of images without saving these: from a container that is made for it and never started. */
export class FilesOfImages {
  readonly #api: EngineApi;
  readonly #random: Random;
  readonly #labels: Readonly<Record<string, string>>;

  constructor(api: EngineApi, random: Random, labels: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#random = random;
    this.#labels = labels;
  }

  /** See `Runtime.readImageFiles`. */
  read(reference: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return attempting(`Cannot read files of image '${reference}'`, 'CannotCreateContainer', async () => {
      const container = `/containers/catamaran-files-${hex(this.#random, 12)}`;
      await this.#api.json('POST', '/containers/create', {
        query: { name: posix.basename(container) },
        json: {
          Image: reference,
          // Of an image without a command the Engine makes no container else.
          Cmd: ['-'],
          Labels: { ...this.#labels, [roleLabel]: 'probe' },
          HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
        },
      });
      try {
        const found = new Map<string, string>();
        for (const path of paths) {
          const content = await this.#file(container, path);
          if (content !== undefined) found.set(path, content);
        }
        return found;
      } finally {
        await this.#api.json('DELETE', container, { query: { force: true, v: true } });
      }
    });
  }

  /** Undefined: there is no file of that name. */
  async #file(container: string, path: string, links = 0): Promise<string | undefined> {
    const entry = await this.#entry(container, path);
    if (entry === undefined || 'content' in entry) return entry?.content;
    if (links === mostLinks) throw tooMuch(path, 'is behind too many links');
    return this.#file(container, posix.resolve(posix.dirname(path), entry.linkTo), links + 1);
  }

  async #entry(
    container: string,
    path: string,
  ): Promise<{ readonly content: string } | { readonly linkTo: string } | undefined> {
    const archive = await this.#api
      .stream('GET', `${container}/archive`, { query: { path } })
      .catch((error: unknown) => {
        if (isStatus(error, 404)) return undefined;
        throw error;
      });
    if (archive === undefined) return undefined;
    try {
      for await (const entry of await untar(archive)) {
        const { type, linkname, size = 0 } = entry.header;
        if (type === 'symlink') return { linkTo: linkname ?? '' };
        if (type !== 'file') return undefined;
        if (size > largestBytes) throw tooMuch(path, `has ${size} bytes, of at most ${largestBytes}`);
        return { content: await text(entry) };
      }
      return undefined;
    } finally {
      archive.destroy();
    }
  }
}

function tooMuch(path: string, why: string): RuntimeError {
  const detail = `file ${JSON.stringify(path)} of the image ${why}`;
  return new RuntimeError('Unsupported', detail, detail);
}
