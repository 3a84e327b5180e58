import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { imageArchive } from './image-archive.ts';
import { unpackImage } from './image-files.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'image-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A file with its content, or an entry of another type. */
type Entry = readonly [name: string, of?: string | Partial<Header>];

async function layer(...entries: readonly Entry[]): Promise<Uint8Array> {
  const packing = pack();
  for (const [name, of = ''] of entries)
    if (typeof of === 'string') packing.entry({ name }, of);
    else packing.entry({ name, ...of } as Header, '');
  packing.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packing as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

/** @returns where its files are. */
async function unpacked(...layers: readonly Uint8Array[]): Promise<string> {
  const files = join(directory, 'files');
  await unpackImage(pieces(await imageArchive({ reference: 'x', layers, config: {} })), files);
  return files;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const folder = { type: 'directory', mode: 0o755 } as const;

it('lays an image’s layers over each other, compressed or not', async () => {
  const files = await unpacked(
    await layer(['etc/', folder], ['etc/a', 'old'], ['etc/b', 'b'], ['gone/x', 'x'], ['gone/y', 'y']),
    gzipSync(await layer(['etc/a', 'new'], ['etc/.wh.b'], ['gone/.wh..wh..opq'], ['gone/z', 'z'])),
    zstdCompressSync(await layer(['./top', 'top'], ['tool', { type: 'file', mode: 0o4755 }])),
  );
  expect(readdirSync(files).toSorted()).toEqual(['etc', 'gone', 'tool', 'top']);
  expect(readdirSync(join(files, 'etc'))).toEqual(['a']);
  expect(read(join(files, 'etc/a'))).toBe('new');
  expect(readdirSync(join(files, 'gone'))).toEqual(['z']);
  expect(statSync(join(files, 'tool')).mode & 0o7777).toBe(0o4755);
  expect(readdirSync(directory)).toEqual(['files']);
});

it('puts a directory in the place of a file, and a file in that of a directory', async () => {
  const files = await unpacked(
    await layer(['a', 'file'], ['b/c', 'deep']),
    await layer(['a', folder], ['a/d', 'd'], ['b', 'now a file']),
  );
  expect([read(join(files, 'a/d')), read(join(files, 'b'))]).toEqual(['d', 'now a file']);
});

it('keeps a file that has two names when one of them becomes another file', async () => {
  const files = await unpacked(
    await layer(
      ['one', 'same'],
      ['two', { type: 'link', linkname: 'one' }],
      ['three', { type: 'link', linkname: 'one' }],
    ),
    await layer(['one', 'other']),
  );
  expect([read(join(files, 'one')), read(join(files, 'two'))]).toEqual(['other', 'same']);
  expect(statSync(join(files, 'two')).ino).toBe(statSync(join(files, 'three')).ino);
});

it('writes nothing outside of the image, wherever its links lead', async () => {
  const outside = join(directory, 'outside');
  writeFileSync(outside, 'mine');
  const files = await unpacked(
    await layer(
      ['abs', { type: 'symlink', linkname: directory }],
      ['up', { type: 'symlink', linkname: '../../..' }],
      ['usr/lib', folder],
      ['lib', { type: 'symlink', linkname: 'usr/lib' }],
    ),
    await layer(['abs/outside', 'theirs'], ['up/outside', 'theirs'], ['lib/so', 'so']),
  );
  expect(read(outside)).toBe('mine');
  expect(readdirSync(directory).toSorted()).toEqual(['files', 'outside']);
  expect(lstatSync(join(files, 'abs')).isSymbolicLink()).toBe(true);
  expect(read(join(files, 'outside'))).toBe('theirs');
  expect(read(join(files, directory, 'outside'))).toBe('theirs');
  expect(read(join(files, 'usr/lib/so'))).toBe('so');
});

it.each([
  [['../x', 'x'], 'leads out of it'],
  [['a', { type: 'link', linkname: 'none' }], 'which is no file'],
] satisfies (readonly [Entry, string])[])('refuses %j, and leaves nothing', async (entry, why) => {
  await expect(unpacked(await layer(entry))).rejects.toThrow(why);
  expect(readdirSync(directory)).toEqual([]);
});

it('leaves nothing where the archive breaks off', async () => {
  const files = join(directory, 'files');
  const archive = await imageArchive({ reference: 'x', layers: [await layer(['a', 'a'])], config: {} });
  async function* broken() {
    yield archive.subarray(0, 1_000);
    throw new Error('the engine went away');
  }
  await expect(unpackImage(broken(), files)).rejects.toThrow('the engine went away');
  expect(existsSync(files)).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});
