import { Readable, Writable } from 'node:stream';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isPage } from './proxied-links.ts';
import { passPage } from './proxied-page.ts';

/** What comes of a page in these pieces. */
async function passed(pieces: readonly Buffer[], encoding?: string): Promise<Buffer> {
  const out: Buffer[] = [];
  const to = new Writable({ write: (chunk, _, done) => done(void out.push(chunk)) });
  const headers = encoding === undefined ? {} : { 'content-encoding': encoding };
  await passPage(Object.assign(Readable.from(pieces), { headers }), to, (link) =>
    link.startsWith('/') ? `/proxy${link}` : link,
  );
  return Buffer.concat(out);
}
const bytes = (page: Buffer): readonly Buffer[] => [...page].map((byte) => Buffer.of(byte));

describe('a page through a proxy', () => {
  it.each([
    ['<a href="/a?b=1&amp;c=/d#e">x</a>', '<a href="/proxy/a?b=1&amp;c=/d#e">x</a>'],
    [
      "<IMG\r\n alt='é\u00a0&hellip;' SRC = '/i.png'/>",
      "<IMG\r\n alt='é\u00a0&hellip;' SRC = '/proxy/i.png'/>",
    ],
    ['<img src=/i longdesc=/l alt=/a>', '<img src=/proxy/i longdesc=/proxy/l alt=/a>'],
    ['<a href="b">é€</a><a href><a href=>', '<a href="b">é€</a><a href><a href=>'],
    ['<script src="/s">"<a href=/x>"</script>', '<script src="/proxy/s">"<a href=/x>"</script>'],
    ['<!-- <a href="/x"> --><p href="/x">', '<!-- <a href="/x"> --><p href="/x">'],
    [
      '<form action="/f"><textarea><a href=/x></textarea>',
      '<form action="/proxy/f"><textarea><a href=/x></textarea>',
    ],
    [
      '<!DOCTYPE html>\n<base href="/b"><pre>\n</pre>\0',
      '<!DOCTYPE html>\n<base href="/proxy/b"><pre>\n</pre>\0',
    ],
  ])('%j has its links changed, and nothing else', async (page, through) => {
    const bare = Buffer.from(page);
    expect((await passed([bare])).toString()).toBe(through);
    expect((await passed(bytes(bare))).toString()).toBe(through);
  });

  it('is what it was where it is no UTF-8', async () => {
    const page = Buffer.concat([Buffer.from('<p>'), Buffer.of(0xe9, 0xa0, 0xff, 0x80), Buffer.from('</p>')]);
    expect(await passed([page])).toEqual(page);
  });

  it('stays in its encoding', async () => {
    const page = Buffer.from('<a href="/a">');
    expect(gunzipSync(await passed([gzipSync(page)], 'gzip')).toString()).toBe('<a href="/proxy/a">');
    expect(inflateSync(await passed(bytes(deflateSync(page)), 'deflate')).toString()).toBe(
      '<a href="/proxy/a">',
    );
  });

  it('that is long goes through in pieces, and one of a tag without an end is given up', async () => {
    const lines = Buffer.from(`${'<p>word</p>'.repeat(6_000)}`);
    expect((await passed(Array.from({ length: 80 }, () => lines))).length).toBe(80 * lines.length);
    const endless = [Buffer.from('<a href="'), ...Array.from({ length: 80 }, () => lines)];
    await expect(passed(endless)).rejects.toThrow('A tag of a proxied page is too long');
  });

  it('is one by its type, in an encoding that is read here', () => {
    const is = (type: string, encoding?: string) =>
      isPage({ 'content-type': type, ...(encoding !== undefined && { 'content-encoding': encoding }) });
    expect([is('text/html'), is('Text/HTML; charset=x', 'gzip')]).toEqual([true, true]);
    expect([is('text/plain'), is('text/html', 'br'), isPage({})]).toEqual([false, false, false]);
  });
});
