import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directoryUse } from './disk-use.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'disk-use-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('what is in a directory is counted once, however deep and by however many names', async () => {
  const before = await directoryUse(directory);
  await mkdir(join(directory, 'a/b'), { recursive: true });
  await writeFile(join(directory, 'a/b/file'), Buffer.alloc(1_048_576, 1));
  await link(join(directory, 'a/b/file'), join(directory, 'again'));
  const { bytes, inodes } = await directoryUse(directory);
  expect(inodes - before.inodes).toBe(3);
  expect(bytes).toBeGreaterThanOrEqual(1_048_576);
  expect(bytes).toBeLessThan(2 * 1_048_576);
});

it('what is not there takes nothing', async () => {
  expect(await directoryUse(join(directory, 'none'))).toEqual({ bytes: 0, inodes: 0 });
});
