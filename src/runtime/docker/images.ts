import { Fields } from '../fields.ts';
import { readImageConfig } from '../image-config.ts';
import type { Image, RegistryAuth } from '../runtime.ts';
import { RuntimeError, type RuntimeErrorCode } from '../runtime-error.ts';
import { type EngineApi, EngineError, jsonLines } from './engine-api.ts';
import { attempting, failed, isStatus } from './failures.ts';

/** A registry may be slow to say its first word. */
const pullAnswerTimeoutMs = 120_000;
const loadTimeoutMs = 10 * 60_000;

export class Images {
  readonly #api: EngineApi;

  constructor(api: EngineApi) {
    this.#api = api;
  }

  async inspect(reference: string): Promise<Image | undefined> {
    return attempting(`Cannot look up image '${reference}'`, 'CannotPullContainer', async () => {
      try {
        return imageOf(new Fields(await this.#api.json('GET', imagePath(reference, '/json'))), reference);
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    });
  }

  async pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image> {
    const attempt = `Cannot pull image '${reference}'`;
    try {
      const { name, tag } = splitReference(reference);
      const progress = await this.#api.stream('POST', '/images/create', {
        query: { fromImage: name, tag },
        headers: auth === undefined ? {} : { 'x-registry-auth': authHeader(auth) },
        timeoutMs: pullAnswerTimeoutMs,
        signal,
      });
      for await (const item of jsonLines(progress)) refuseError(new Fields(item), `POST /images/create`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineError)) throw failed(attempt, 'CannotPullContainer', error);
      // Of a registry that is out of reach the Engine says why, but not what for.
      const { name } = splitReference(reference);
      const words = error.words.includes(name) ? error.words : `failed to pull ${reference}: ${error.words}`;
      throw failed(attempt, pullCode(words), new EngineError('POST /images/create', error.status, words));
    }
    const image = await this.inspect(reference);
    if (image) return image;
    throw new RuntimeError(
      'CannotPullContainer',
      `${attempt}: it is not there after its pull`,
      'image vanished',
    );
  }

  async *save(reference: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const attempt = `Cannot save image '${reference}'`;
    try {
      // The Engine packs all of it before its first word.
      const archive = await this.#api.stream('GET', imagePath(reference, '/get'), {
        timeoutMs: loadTimeoutMs,
        signal,
      });
      yield* archive;
    } catch (error) {
      signal.throwIfAborted();
      throw failed(attempt, 'Unsupported', error);
    }
  }

  async load(archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    await attempting('Cannot load the image archive', 'CannotPullContainer', async () => {
      const progress = await this.#api.stream('POST', '/images/load', {
        query: { quiet: true },
        tar: archive,
        timeoutMs: loadTimeoutMs,
      });
      for await (const item of jsonLines(progress)) refuseError(new Fields(item), `POST /images/load`);
    });
  }

  /** Removes the images that `filters` names, but for those that containers use. */
  async removeUnused(filters: string): Promise<void> {
    const found = await attempting('Cannot list images', 'Unsupported', () =>
      this.#api.json('GET', '/images/json', { query: { filters } }),
    );
    for (const image of Array.isArray(found) ? found : []) {
      const id = new Fields(image).text('Id');
      if (id === undefined) continue;
      await this.remove(id).catch((error) => {
        if (!(error instanceof RuntimeError) || error.code === 'EngineUnavailable') throw error;
      });
    }
  }

  async remove(reference: string): Promise<void> {
    await attempting(`Cannot remove image '${reference}'`, 'Unsupported', async () => {
      try {
        await this.#api.json('DELETE', imagePath(reference, ''));
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    });
  }
}

/** A reference's slashes and digest are part of the path. */
const imagePath = (reference: string, rest: string): string =>
  `/images/${reference.split('/').map(encodeURIComponent).join('/')}${rest}`;

function imageOf(image: Fields, reference: string): Image {
  const repository = splitReference(reference).name.split('@')[0];
  const digests = image.texts('RepoDigests').map((entry) => entry.split('@'));
  const digest = (digests.find(([name]) => name === repository) ?? digests[0])?.[1];
  return {
    id: image.text('Id') ?? '',
    ...(digest === undefined ? {} : { digest }),
    ...sizeOf(image),
    ...readImageConfig(image.object('Config')),
  };
}

function sizeOf(image: Fields): Pick<Image, 'sizeBytes'> {
  const sizeBytes = image.number('Size');
  return sizeBytes === undefined ? {} : { sizeBytes };
}

/** Without a tag the Engine would pull every tag there is. */
export function splitReference(reference: string): {
  readonly name: string;
  readonly tag: string | undefined;
} {
  if (reference.includes('@')) return { name: reference, tag: undefined };
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { name: reference, tag: 'latest' };
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

const authHeader = ({ username, password }: RegistryAuth): string =>
  Buffer.from(JSON.stringify({ username, password })).toString('base64url');

/** A pull that fails half-way says so inside a stream that began with 200. */
function refuseError(item: Fields, call: string): void {
  const words = item.object('errorDetail').word('message') ?? item.word('error');
  if (words !== undefined) throw new EngineError(call, 500, words);
}

function pullCode(words: string): RuntimeErrorCode {
  if (/unauthorized|authentication required|no basic auth credentials/i.test(words))
    return 'CannotPullContainerAuth';
  if (/manifest unknown|manifest for .* not found|no matching manifest/i.test(words))
    return 'CannotPullImageManifest';
  return 'CannotPullContainer';
}
