import { readFile, stat } from 'node:fs/promises';

/** Whether a process is in the network namespace at that path. Of one that has ended, or where there is none: false. */
export async function isInNamespace(pid: number, path: string): Promise<boolean> {
  try {
    const [own, there] = await Promise.all([stat(`/proc/${pid}/ns/net`), stat(path)]);
    return own.ino === there.ino && own.dev === there.dev;
  } catch {
    return false;
  }
}

/**
 * Whether a container's first process has left the network namespace of whoever started it: what runs containers is in the
 * Engine's, which is the machine's. Where it can't be seen from here: false.
 */
export async function hasLeftMachine(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    const parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
    const [own, parents] = await Promise.all([pid, parent].map((each) => stat(`/proc/${each}/ns/net`)));
    return own?.ino !== parents?.ino;
  } catch {
    return false;
  }
}
