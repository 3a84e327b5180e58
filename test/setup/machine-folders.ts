import { readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const prefix = 'catamaran-machine-';
const nameOfOwned = /^catamaran-machine-(\d+)-(\d+)-(\d+)-/;

/** The process of this id and when it began, which no other has in common with it. `''`: there is none. */
function processMark(pid: number | string): string {
  try {
    // proc(5): the name, in parentheses, may hold anything; the 22nd field is the start in ticks since boot.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return '';
  }
}

/** Ids of processes mean something within their namespace alone. */
const processNamespace = (): string => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';

/** A folder for a machine, named for the process that has it. */
export const makeMachineFolder = (within: string, pid = process.pid): Promise<string> =>
  mkdtemp(join(within, `${prefix}${processNamespace()}-${processMark(pid)}-`));

/** Removes what machines left behind whose process was killed. What others have, or nobody can tell, stays. */
export async function sweepMachineFolders(within: string): Promise<void> {
  const own = processNamespace();
  for (const name of await readdir(within)) {
    const [, namespace, pid = '', start] = nameOfOwned.exec(name) ?? [];
    if (namespace !== own || processMark(pid) === `${pid}-${start}`) continue;
    // Another run may sweep it at the same time.
    await rm(join(within, name), { recursive: true, force: true }).catch(() => {});
  }
}
