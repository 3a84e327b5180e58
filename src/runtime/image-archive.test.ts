import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { isStaticElf } from './busybox-layer.ts';
import { pauseProgram } from './docker/pause-image.ts';
import { imageArchive, imageId, tar } from './image-archive.ts';

async function filesOf(archive: Uint8Array): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reading = extract();
  reading.end(Buffer.from(archive));
  for await (const entry of reading) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}

describe('imageArchive', () => {
  const spec = async (reference: string) => ({
    reference,
    layers: [await tar([{ path: 'hello', content: 'world', mode: 0o600 }])],
    config: { Cmd: ['/hello'] },
  });

  it('makes the same bytes of the same input, under a predictable id', async () => {
    const [one, two] = [await imageArchive(await spec('web:1')), await imageArchive(await spec('web:1'))];
    expect(Buffer.compare(one, two)).toBe(0);
    const config =
      [...(await filesOf(one)).values()].find((file) => file.includes('rootfs')) ?? Buffer.alloc(0);
    expect(imageId(await spec('web:1'))).toBe(`sha256:${createHash('sha256').update(config).digest('hex')}`);
  });

  it('is a docker-archive and an OCI layout whose digests all hold', async () => {
    const files = await filesOf(await imageArchive(await spec('team/web')));
    for (const [path, content] of files) {
      const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
      if (digest !== undefined) expect(createHash('sha256').update(content).digest('hex')).toBe(digest);
    }
    const [docker] = JSON.parse(String(files.get('manifest.json')));
    expect(docker.RepoTags).toEqual(['team/web:latest']);
    for (const path of [docker.Config, ...docker.Layers]) expect(files.has(path)).toBe(true);
    const [manifest] = JSON.parse(String(files.get('index.json'))).manifests;
    expect(manifest.annotations['io.containerd.image.name']).toBe('docker.io/team/web:latest');
    const blob = files.get(`blobs/sha256/${manifest.digest.slice('sha256:'.length)}`);
    expect(blob?.length).toBe(manifest.size);
    expect(JSON.parse(String(files.get('oci-layout')))).toEqual({ imageLayoutVersion: '1.0.0' });
  });

  it.each([
    ['web:1', 'docker.io/library/web:1'],
    ['localhost/web:1', 'localhost/web:1'],
    ['registry.example:5000/web:1', 'registry.example:5000/web:1'],
  ])('spells %s out as %s', async (reference, full) => {
    const files = await filesOf(await imageArchive(await spec(reference)));
    expect(String(files.get('index.json'))).toContain(`"io.containerd.image.name":"${full}"`);
  });
});

describe('the pause program', () => {
  it('is a small static executable on both architectures', () => {
    expect(pauseProgram('x86_64')).toHaveLength(252);
    for (const architecture of ['x86_64', 'arm64'])
      expect(isStaticElf(pauseProgram(architecture))).toBe(true);
    expect(() => pauseProgram('riscv64')).toThrow(/riscv64/);
  });

  const running = async (parameters: readonly string[], use: (child: ChildProcess) => Promise<void>) => {
    const directory = await mkdtemp(join(tmpdir(), 'catamaran-pause-'));
    try {
      const path = join(directory, 'pause');
      await writeFile(path, pauseProgram(process.arch === 'arm64' ? 'arm64' : 'x86_64'), { mode: 0o755 });
      await use(spawn(path, parameters, { stdio: 'ignore' }));
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  const endOf = (child: ChildProcess) =>
    new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));

  it.runIf(process.platform === 'linux')('sleeps until it is ended', () =>
    running([], async (child) => {
      const ended = endOf(child);
      for (let turns = 0; turns < 100; turns += 1) await turn();
      expect(child.exitCode).toBeNull();
      child.kill('SIGTERM');
      expect(await ended).toBe('SIGTERM');
    }),
  );

  it.runIf(process.platform === 'linux')(
    'ends with the error’s number where it can enter nothing',
    async () => {
      await running(['/dev/null'], async (child) => expect(await endOf(child)).toBe(constants.errno.EINVAL));
      await running(['/no/such'], async (child) => expect(await endOf(child)).toBe(constants.errno.EBADF));
    },
  );
});
