import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { type VolumeFiles, writeAtomically } from './atomic-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const options = {
  clock: new VirtualClock(Date.UTC(2026, 0, 2, 3, 4, 5)),
  random: seededRandom(1),
};
const files = (texts: Readonly<Record<string, string>>, mode = 0o644): VolumeFiles =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
const write = (wanted: VolumeFiles, prepare = async () => {}) =>
  writeAtomically(directory, wanted, { ...options, prepare });
const read = (path: string) => readFileSync(join(directory, path), 'utf8');
const shown = () => readdirSync(directory).filter((name) => !name.startsWith('..'));

it('readers see files through one link to a directory of its own', async () => {
  expect(await write(files({ a: '1', 'deep/er/b': '2' }, 0o400))).toBe(true);
  expect([read('a'), read('deep/er/b')]).toEqual(['1', '2']);
  expect(readlinkSync(join(directory, 'a'))).toBe('..data/a');
  expect(readlinkSync(join(directory, 'deep'))).toBe('..data/deep');
  expect(readlinkSync(join(directory, '..data'))).toMatch(/^\.\.2026_01_02_03_04_05\.\d{10}$/);
  expect(statSync(join(directory, 'deep/er/b')).mode & 0o777).toBe(0o400);
  expect(statSync(join(directory, 'deep/er')).mode & 0o777).toBe(0o755);
});

it('what is the same is left alone', async () => {
  await write(files({ a: '1' }));
  const before = readlinkSync(join(directory, '..data'));
  expect(await write(files({ a: '1' }))).toBe(false);
  expect(readlinkSync(join(directory, '..data'))).toBe(before);
});

it('a change is one rename, after what was new has been prepared', async () => {
  await write(files({ a: '1', gone: 'x', 'deep/b': '2' }));
  const seen: string[] = [];
  await write(files({ a: '2', c: '3' }), async () => {
    seen.push(read('a'), read('gone'));
  });
  expect(seen).toEqual(['1', 'x']);
  expect(shown()).toEqual(['a', 'c']);
  expect([read('a'), read('c')]).toEqual(['2', '3']);
  expect(readdirSync(directory).filter((name) => name.startsWith('..2'))).toHaveLength(1);
});

it('what a kill left is put right', async () => {
  await write(files({ a: '1' }));
  // Killed after the rename: the new name has no link yet, and the old files and a half-written directory are there.
  const current = readlinkSync(join(directory, '..data'));
  writeFileSync(join(directory, current, 'b'), '2');
  mkdirSync(join(directory, '..2020_01_01_00_00_00.1'));
  symlinkSync('..data/old', join(directory, 'old'));
  symlinkSync('nowhere', join(directory, '..data_tmp'));
  expect(await write(files({ a: '1', b: '2' }))).toBe(false);
  expect(shown()).toEqual(['a', 'b']);
  expect(readdirSync(directory).toSorted()).toEqual(['..data', 'a', 'b', current].toSorted());
  await write(files({ a: '3' }));
  expect([shown(), read('a')]).toEqual([['a'], '3']);
});

it.each(['/etc/passwd', '../a', 'a/../../b', '..data', '..x/y', '', '.'])(
  'the path %j is refused',
  async (path) => {
    await expect(write(files({ [path]: 'x' }))).rejects.toThrow('invalid path in volume');
    expect(readdirSync(directory)).toEqual([]);
  },
);

it('a volume may be empty', async () => {
  await write(files({}));
  expect(shown()).toEqual([]);
  await write(files({ a: '1' }));
  await write(files({}));
  expect(shown()).toEqual([]);
});
