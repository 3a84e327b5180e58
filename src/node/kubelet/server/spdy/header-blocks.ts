import { promisify } from 'node:util';
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Of one block, taken apart. */
const mostHeaderBytes = 64 * 1024;

export type Headers = Readonly<Record<string, string>>;

/** Reads and writes the header blocks of one session, each direction one compressed stream with sync flushes between. */
export class HeaderBlocks implements Disposable {
  readonly #inflate: Inflate = createInflate({
    dictionary: headerDictionary,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });

  constructor() {
    // What is broken is told to whoever waits for the block.
    this.#inflate.on('error', () => {});
    this.#deflate.on('error', () => {});
  }

  /** Names in lower case. @throws {Error} it is no such block, or too large. */
  async read(block: Buffer): Promise<Headers> {
    return parse(await through(this.#inflate, block));
  }

  async write(headers: Headers): Promise<Buffer> {
    const parts: Buffer[] = [uint32(Object.keys(headers).length)];
    for (const [name, value] of Object.entries(headers)) {
      const [key, text] = [Buffer.from(name.toLowerCase()), Buffer.from(value)];
      parts.push(uint32(key.length), key, uint32(text.length), text);
    }
    return through(this.#deflate, Buffer.concat(parts));
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

/** One block in, all that comes of it out. One at a time. */
async function through(codec: Deflate | Inflate, block: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, reject } = Promise.withResolvers<never>();
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > mostHeaderBytes) reject(new Error('A block of headers is too large'));
  };
  codec.on('data', onData).on('error', reject);
  try {
    const write = promisify((done: (error?: Error | null) => void) => codec.write(block, done));
    await Promise.race([write(), promise]);
    await Promise.race([
      promisify((done: () => void) => codec.flush(constants.Z_SYNC_FLUSH, done))(),
      promise,
    ]);
    return Buffer.concat(chunks);
  } finally {
    codec.off('data', onData).off('error', reject);
  }
}

function parse(block: Buffer): Headers {
  const headers: Record<string, string> = Object.create(null);
  let at = 4;
  const take = (): string => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    if (at > block.length) throw new Error('A block of headers is cut short');
    return block.toString('utf8', at - length, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left -= 1) {
    const name = take().toLowerCase();
    headers[name] = take();
  }
  return headers;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
