import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '../../../runtime/index.ts';

/**
 * Has the kernel kill a container as a whole when it kills one of its processes for want of memory, as upstream's kubelets do
 * unless they are told `singleProcessOOMKill` (`memory.oom.group`). A program that goes on without one of its workers is
 * worse than one that is started again. Version 1 of cgroups has nothing like it: there the kernel chooses one process.
 * @returns whether it is so.
 */
export async function killTogether(
  { runtimeId, status }: Pick<Container, 'runtimeId' | 'status'>,
  { proc = '/proc', root = '/sys/fs/cgroup' } = {},
): Promise<boolean> {
  if (status.state !== 'running') return false;
  try {
    const cgroups = await readFile(join(proc, String(status.pid), 'cgroup'), 'utf8');
    const place = /^0::(\/.+)$/m.exec(cgroups)?.[1];
    // The number may be another process's by now; a container's cgroup carries its id.
    if (place === undefined || !place.includes(runtimeId)) return false;
    await writeFile(join(root, place, 'memory.oom.group'), '1', { flag: 'r+' });
    return true;
  } catch {
    // It has ended, or memory is not held by version 2 here.
    return false;
  }
}
