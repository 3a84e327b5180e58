import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { giveToGroup, isOfGroup } from './group-ownership.ts';
import { ownMountPoints } from './mount-points.ts';

const { canMount } = ownMountPoints();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'group-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const facts = (path: string): readonly (number | string)[] => {
  const { gid, mode } = statSync(path);
  return [gid, (mode & 0o7777).toString(8)];
};

it.skipIf(!canMount)('everything in a volume is its group’s, and nothing that a link leads to', async () => {
  const volume = join(directory, 'volume');
  mkdirSync(join(volume, 'inner'), { recursive: true });
  const outside = join(directory, 'outside');
  writeFileSync(outside, '');
  chmodSync(outside, 0o600);
  writeFileSync(join(volume, 'inner/file'), '');
  symlinkSync(outside, join(volume, 'inner/link'));
  expect(await isOfGroup(volume, 2_000)).toBe(false);
  await giveToGroup(volume, 2_000, { isReadOnly: false });
  expect(facts(volume)).toEqual([2_000, '2775']);
  expect(facts(join(volume, 'inner'))).toEqual([2_000, '2775']);
  expect(facts(join(volume, 'inner/file'))).toEqual([2_000, '664']);
  expect(lstatSync(join(volume, 'inner/link')).gid).toBe(2_000);
  expect(facts(outside)).toEqual([0, '600']);
  expect(await isOfGroup(volume, 2_000)).toBe(true);
});

it.skipIf(!canMount)('a container that puts links where files were gets nothing else given', async () => {
  const [volume, outside] = [join(directory, 'volume'), join(directory, 'outside')];
  mkdirSync(join(volume, 'real'), { recursive: true });
  mkdirSync(outside);
  for (const place of [volume, outside]) writeFileSync(join(place, 'file'), '');
  writeFileSync(join(volume, 'real/file'), '');
  for (const path of [outside, join(outside, 'file')]) chmodSync(path, 0o700);
  // Both a file and a directory on the way change into links and back all the time.
  const worker = new Worker(
    `const { renameSync, symlinkSync } = require('node:fs');
     const { workerData: { volume, outside }, parentPort } = require('node:worker_threads');
     symlinkSync(outside + '/file', volume + '/fileLink');
     symlinkSync(outside, volume + '/realLink');
     parentPort.postMessage('swapping');
     for (;;) for (const name of ['file', 'real']) {
       renameSync(volume + '/' + name, volume + '/' + name + 'Away');
       renameSync(volume + '/' + name + 'Link', volume + '/' + name);
       renameSync(volume + '/' + name, volume + '/' + name + 'Link');
       renameSync(volume + '/' + name + 'Away', volume + '/' + name);
     }`,
    { eval: true, workerData: { volume, outside } },
  );
  try {
    await new Promise((resolve) => worker.once('message', resolve));
    for (let round = 0; round < 500; round += 1) await giveToGroup(volume, 2_000, { isReadOnly: false });
  } finally {
    await worker.terminate();
  }
  expect([facts(outside), facts(join(outside, 'file'))]).toEqual([
    [0, '700'],
    [0, '700'],
  ]);
});
