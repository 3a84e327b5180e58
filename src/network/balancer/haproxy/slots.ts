import { createHmac } from 'node:crypto';
import type { TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';

/**
 * Servers can't be added to a running HAProxy of this version in every case that is needed, but a server can get another
 * address. So each target group has more servers than targets; which target has which server is kept beside the
 * configuration and changes as little as can be.
 */
export interface Assignment {
  /** Keys of targets, by the server's index. */
  readonly servers: readonly (string | null)[];
  /** Where the next one is looked for: a server that was left just now is the last to be used again. */
  readonly next: number;
}

const leastServers = 8;
/** How many targets of a group are asked for the first time at once. */
export const probeSlots = 8;

export function targetKey({ id, port }: Pick<TargetPlan, 'id' | 'port'>): string {
  return `${id}:${port}`;
}

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

export interface ServerState {
  readonly address: string;
  readonly port: number;
  /** Takes traffic; otherwise it takes none and is not checked. */
  readonly isReady: boolean;
}

export interface Server {
  readonly target?: TargetPlan;
  readonly main: ServerState;
  /** Stands in when no target is well. */
  readonly spare: ServerState;
}

/** The servers of a target group at one node. */
export interface Slots {
  readonly servers: readonly Server[];
  /** Leads from a client's cookie to a server, and from a server to its cookie. */
  stickyMap(): string;
}

const nobody: ServerState = { address: '127.0.0.1', port: 1, isReady: false };

export function slotsOf({
  group,
  assignment,
  isUsed,
  isAdmitted,
  cookieKey,
}: {
  readonly group: TargetGroupPlan;
  readonly assignment: Assignment;
  /** Whether the node sends anything to a target: not to other zones, perhaps. */
  readonly isUsed: (target: TargetPlan) => boolean;
  /** Whether a target has passed its first check. */
  readonly isAdmitted: (key: string) => boolean;
  readonly cookieKey: string;
}): Slots {
  const targets = new Map(group.targets.map((target) => [targetKey(target), target]));
  const servers = assignment.servers.map((key): Server => {
    const target = key === null ? undefined : targets.get(key);
    if (key === null || target === undefined) return { main: nobody, spare: nobody };
    const { address, port } = target;
    const takesNew = isUsed(target) && !target.isDraining;
    return {
      target,
      main: { address, port, isReady: takesNew && isAdmitted(key) },
      spare: { address, port, isReady: takesNew },
    };
  });
  return {
    servers,
    stickyMap: () =>
      servers
        .flatMap(({ target, spare }, index) => {
          if (target === undefined || !spare.isReady) return [];
          const token = createHmac('sha256', cookieKey)
            .update(`${group.id} ${targetKey(target)}`)
            .digest('hex')
            .slice(0, 32);
          return [`${token} s${index + 1}\n`, `s${index + 1} ${token}\n`];
        })
        .join(''),
  };
}

/** As many servers, and nobody's. */
export function unassigned({ servers }: Slots): Slots {
  return { servers: servers.map(() => ({ main: nobody, spare: nobody })), stickyMap: () => '' };
}
