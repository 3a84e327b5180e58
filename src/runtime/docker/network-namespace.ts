import { stat } from 'node:fs/promises';

/** Whether a process is in the network namespace at that path. Of one that has ended, or where there is none: false. */
export async function isInNamespace(pid: number, path: string): Promise<boolean> {
  try {
    const [own, there] = await Promise.all([stat(`/proc/${pid}/ns/net`), stat(path)]);
    return own.ino === there.ino && own.dev === there.dev;
  } catch {
    return false;
  }
}
