import type { TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import type { Assignment } from '../assignment.ts';
import { targetKey, targetToken } from '../targets.ts';

/** How many targets of a group are asked for the first time at once. */
export const probeSlots = 8;

/**
 * Servers can't be added to a running HAProxy of this version in every case that is needed, but a server can get another
 * address. So each target group has more servers than targets.
 */
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
          const token = targetToken(cookieKey, group, target);
          return [`${token} s${index + 1}\n`, `s${index + 1} ${token}\n`];
        })
        .join(''),
  };
}

/** As many servers, and nobody's. */
export function unassigned({ servers }: Slots): Slots {
  return { servers: servers.map(() => ({ main: nobody, spare: nobody })), stickyMap: () => '' };
}
