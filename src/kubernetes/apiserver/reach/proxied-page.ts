import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';
import { RewritingStream } from 'parse5-html-rewriting-stream';

/** Which attributes of which elements are links, as upstream's proxies have them (`apimachinery/pkg/util/proxy`). */
const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  ...{ a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'] },
  ...{ blockquote: ['cite'], body: ['background'], button: ['formaction'], command: ['icon'], del: ['cite'] },
  ...{ embed: ['src'], form: ['action'], frame: ['longdesc', 'src'], head: ['profile'], html: ['manifest'] },
  ...{ iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], ins: ['cite'], link: ['href'] },
  ...{ input: ['formaction', 'src', 'usemap'], object: ['classid', 'codebase', 'data', 'usemap'] },
  ...{ q: ['cite'], script: ['src'], source: ['src'], video: ['poster', 'src'] },
};

/** A tag that is longer, as nothing but somebody's fault makes one, is not waited for. */
const mostPendingBytes = 4 * 1_048_576;

/** Of an attribute, in the whole page. */
interface Place {
  readonly startOffset: number;
  readonly endOffset: number;
}

type StartTag = Parameters<RewritingStream['emitStartTag']>[0];

const decoders = { gzip: createGunzip, deflate: createInflate };
const encoders = { gzip: createGzip, deflate: createDeflate };
type Encoding = keyof typeof decoders;

/** Passes a page on as it comes, with its links as `link` makes them; of all else each byte stays as it is. A tag that is not closed at the end is none. */
export async function passPage(
  from: NodeJS.ReadableStream & { readonly headers: IncomingHttpHeaders },
  to: NodeJS.WritableStream,
  link: (link: string) => string,
): Promise<void> {
  const encoding = (from.headers['content-encoding'] || undefined) as Encoding | undefined;
  let pendingBytes = 0;
  // A character a byte, whatever they mean: what a link begins with is ASCII in all that pages are written in.
  const texts = new Transform({
    readableObjectMode: true,
    transform: (chunk: Buffer, _, done) => {
      pendingBytes += chunk.length;
      if (pendingBytes > mostPendingBytes) done(new Error('A tag of a proxied page is too long'));
      else done(null, chunk.toString('latin1'));
    },
  });
  const bytes = new Transform({
    decodeStrings: false,
    transform: (text: string, _, done) => {
      pendingBytes = 0;
      done(null, Buffer.from(text, 'latin1'));
    },
  });
  const rewriting = new PageStream();
  rewriting.on('startTag', (tag, raw) => rewriting.emitRaw(changedTag(tag, raw, link)));
  await pipeline([
    from,
    ...(encoding === undefined ? [] : [decoders[encoding]()]),
    ...[texts, rewriting, bytes],
    ...(encoding === undefined ? [] : [encoders[encoding]()]),
    to,
  ]);
}

/** Passes on at once what comes of a piece, which is many small parts. */
class PageStream extends RewritingStream {
  #text = '';

  override _final(callback: (error?: Error | null) => void): void {
    super._final((error?: Error | null, text?: string) => {
      this.push(text);
      callback(error);
    });
  }

  override emitRaw(html: string): void {
    this.#text += html;
  }

  override _transformChunk(chunk: string): string {
    super._transformChunk(chunk);
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

function changedTag(
  { tagName, sourceCodeLocation }: StartTag,
  raw: string,
  link: (link: string) => string,
): string {
  const startOffset = sourceCodeLocation?.startOffset ?? 0;
  // The library gives these places, and does not say so in its types.
  const { attrs = {} } = (sourceCodeLocation ?? {}) as { readonly attrs?: Readonly<Record<string, Place>> };
  const links = (linkAttributes[tagName] ?? [])
    .flatMap((name) => attrs[name] ?? [])
    // From the last one on, so that places stay what they are.
    .toSorted((one, other) => other.startOffset - one.startOffset);
  return links.reduce((tag, at) => {
    const [start, end] = [at.startOffset - startOffset, at.endOffset - startOffset];
    return tag.slice(0, start) + changedAttribute(tag.slice(start, end), link) + tag.slice(end);
  }, raw);
}

/** `href="/x"`, in whatever quotes, or none. */
const changedAttribute = (raw: string, link: (link: string) => string): string =>
  raw.replace(/^([^=]+=\s*)(["']?)(.*)\2$/s, (_, name, quote, value) => name + quote + link(value) + quote);
