import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMachineFolder, sweepMachineFolders } from './setup/machine-folders.ts';

let within: string;
beforeEach(async () => {
  within = await mkdtemp(join(tmpdir(), 'machine-folders-'));
});
afterEach(() => rm(within, { recursive: true }));

describe.runIf(process.platform === 'linux')('folders of machines for end-to-end tests', () => {
  it('go when their process is gone, with what is in them', async () => {
    const own = await makeMachineFolder(within);
    const left = own.replace(`-${process.pid}-`, `-${spawnSync('true').pid}-`);
    await rename(own, left);
    await writeFile(join(left, 'log'), 'of an Engine');
    await sweepMachineFolders(within);
    expect(await readdir(within)).toEqual([]);
  });

  it('go when another process has the id of theirs by now', async () => {
    const own = await makeMachineFolder(within);
    await rename(own, own.replace(/-\d+(-[^-]+)$/, '-1$1'));
    await sweepMachineFolders(within);
    expect(await readdir(within)).toEqual([]);
  });

  it('stay while their process lives, and where nobody can tell', async () => {
    const own = basename(await makeMachineFolder(within));
    // Of another namespace of processes, and of nobody.
    const others = ['catamaran-machine-1-1-1-abcdef', 'catamaran-machine-abcdef', 'other'];
    for (const name of others) await mkdir(join(within, name));
    await sweepMachineFolders(within);
    expect((await readdir(within)).toSorted()).toEqual([own, ...others].toSorted());
  });
});
