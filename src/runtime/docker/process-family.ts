import { readdir, readFile } from 'node:fs/promises';
import { inParallel } from './in-parallel.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

/** Whoever starts others while they are looked for is found by the next look; and nobody can do so for ever. */
const mostLooks = 5;

/**
 * Kills a process, what it has started, and what that has: by their parents, and, where the process leads a session, by
 * that, for whose parent has ended has another. Numbers are of this process's namespace. What has ended already is success.
 */
export async function killFamily(pid: number): Promise<void> {
  const known = new Set([pid]);
  const sessions = new Set<number>();
  for (let look = 0; look < mostLooks; look += 1) {
    const alive = family(await processes(), known, sessions);
    for (const member of alive) {
      known.add(member.pid);
      if (member.session === member.pid) sessions.add(member.session);
    }
    if (alive.length === 0) return;
    for (const member of alive) kill(member.pid);
  }
}

/** Parents before their children. */
function family(
  all: readonly Process[],
  known: ReadonlySet<number>,
  sessions: ReadonlySet<number>,
): readonly Process[] {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found = new Set(all.filter(({ pid, session }) => known.has(pid) || sessions.has(session)));
  for (const { pid } of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found];
}

/** Those that run; what has ended and waits to be asked for its exit code is none. */
async function processes(): Promise<readonly Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await inParallel(names, async (name) => {
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    // The name of the program stands in parentheses, and may have some itself.
    const [state, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat === '' || state === 'Z' || state === 'X') return undefined;
    return { pid: Number(name), parent: Number(parent), session: Number(session) };
  });
  return found.filter((each) => each !== undefined);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
