import type { TargetPlan } from '../../balancing/index.ts';
import { targetKey } from './targets.ts';

/**
 * A place for each target of a group, the same at all nodes and after a restart: for processes that can't be given more
 * servers while they run, only other addresses of those that they have. It changes as little as can be.
 */
export interface Assignment {
  /** Keys of targets, by the server's index. */
  readonly servers: readonly (string | null)[];
  /** Where the next one is looked for: a server that was left just now is the last to be used again. */
  readonly next: number;
}

const leastServers = 8;

/** Gives each target a server and takes servers from targets that are gone. The same object when nothing changes. */
export function assignServers(known: Assignment | undefined, targets: readonly TargetPlan[]): Assignment {
  const wanted = new Set(targets.map(targetKey));
  const servers = (known?.servers ?? []).map((key) => (key !== null && wanted.has(key) ? key : null));
  const has = new Set(servers);
  const missing = [...wanted].filter((key) => !has.has(key));
  let capacity = Math.max(servers.length, leastServers);
  while (capacity < wanted.size) capacity *= 2;
  while (servers.length < capacity) servers.push(null);
  let next = known?.next ?? 0;
  for (const key of missing) {
    while (servers[next % capacity] !== null) next += 1;
    servers[next % capacity] = key;
    next += 1;
  }
  const isSame =
    known !== undefined &&
    known.servers.length === capacity &&
    known.servers.every((key, index) => key === servers[index]);
  return isSame ? known : { servers, next: next % capacity };
}
