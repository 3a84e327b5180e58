import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSeccompProfile } from './seccomp-profile.ts';

it('reads a profile of the node’s machine, and says what is wrong with one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'catamaran-seccomp-'));
  try {
    const read = (localhostProfile: string) =>
      readSeccompProfile({ type: 'Localhost', localhostProfile }, directory);
    const profile = '{"defaultAction":"SCMP_ACT_ALLOW"}';
    await writeFile(join(directory, 'good.json'), profile);
    await writeFile(join(directory, 'bad.json'), 'unconfined');
    expect(await read('good.json')).toBe(profile);
    const where = (name: string) => `cannot load seccomp profile "${join(directory, name)}": `;
    await expect(read('bad.json')).rejects.toThrow(`${where('bad.json')}it is not an object in JSON`);
    await expect(read('none.json')).rejects.toThrow(`${where('none.json')}ENOENT`);
    await expect(read('.')).rejects.toThrow('it is not a file');
    expect(await readSeccompProfile({ type: 'RuntimeDefault' }, directory)).toBeUndefined();
    expect(await readSeccompProfile(undefined, directory)).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
