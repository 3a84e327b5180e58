import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type TarEntry, tar } from './image-archive.ts';

const busyboxPaths = ['/bin/busybox', '/usr/bin/busybox', '/usr/local/bin/busybox'];
const PT_INTERP = 3;

/**
 * A layer with this machine's busybox as a small system: `/bin` with a link for each of its applets, users root
 * and nobody, and empty `/tmp`, `/etc` and so on.
 * @throws {Error} there is none that is statically linked.
 */
export async function busyboxLayer(): Promise<Uint8Array> {
  const { path, content } = await findBusybox();
  const { stdout } = await promisify(execFile)(path, ['--list'], { timeout: 10_000 });
  const applets = stdout.split('\n').filter((name) => /^[\w[.-]+$/.test(name) && name !== 'busybox');
  const directories = ['bin/', 'dev/', 'etc/', 'home/', 'proc/', 'root/', 'run/', 'sys/', 'usr/', 'var/'];
  const entries: TarEntry[] = [
    ...directories.map((directory) => ({ path: directory, isDirectory: true as const })),
    { path: 'tmp/', isDirectory: true, mode: 0o1777 },
    { path: 'bin/busybox', content, mode: 0o755 },
    ...applets.sort().map((applet) => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
    {
      path: 'etc/passwd',
      content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    },
    { path: 'etc/group', content: 'root:x:0:\nnogroup:x:65534:\n' },
  ];
  return tar(entries);
}

async function findBusybox(): Promise<{ path: string; content: Buffer }> {
  const seen: string[] = [];
  for (const path of busyboxPaths) {
    const content = await readFile(path).catch(() => undefined);
    if (content === undefined) seen.push(`${path} is not there`);
    else if (isStaticElf(content)) return { path, content };
    else seen.push(`${path} needs shared libraries`);
  }
  throw new Error(
    `Cannot make a busybox image: ${seen.join(', ')}. Install Debian's package busybox-static (apt-get install busybox-static)`,
  );
}

/** An ELF executable without a program interpreter (elf(5)), so one that needs no other file. */
export function isStaticElf(content: Buffer): boolean {
  if (content.length < 64 || content.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const is64Bit = content[4] === 2;
  const isLittleEndian = content[5] === 1;
  if (!is64Bit || !isLittleEndian) return false;
  const tableOffset = Number(content.readBigUInt64LE(32));
  const entrySize = content.readUInt16LE(54);
  const entries = content.readUInt16LE(56);
  for (let index = 0; index < entries; index += 1) {
    const offset = tableOffset + index * entrySize;
    if (offset + 4 > content.length) return false;
    if (content.readUInt32LE(offset) === PT_INTERP) return false;
  }
  return entries > 0;
}
