/** Of a node's clients, and what the node answered them by itself. */
export interface ClientCounts {
  readonly newConnections: number;
  /** In both directions, without the headers of TCP and IP. */
  readonly bytes: number;
  /** Responses that no target gave, by the class of their status. */
  readonly own3xx: number;
  readonly own4xx: number;
  readonly own5xx: number;
}

/** Of a target group's targets, as a node uses them. */
export interface GroupCounts {
  /** Requests, or connections of layer 4, for which a target was chosen. */
  readonly requests: number;
  readonly newConnections: number;
  /** Connections to targets that came about too late or not at all. */
  readonly connectionErrors: number;
  /** Responses of targets, by the class of their status. */
  readonly target2xx: number;
  readonly target3xx: number;
  readonly target4xx: number;
  readonly target5xx: number;
}

export const noClientCounts: ClientCounts = {
  ...{ newConnections: 0, bytes: 0, own3xx: 0, own4xx: 0, own5xx: 0 },
};

export const noGroupCounts: GroupCounts = {
  ...{ requests: 0, newConnections: 0, connectionErrors: 0 },
  ...{ target2xx: 0, target3xx: 0, target4xx: 0, target5xx: 0 },
};

/** What a node of a load balancer carried since its report before: each thing is told once. */
export interface TrafficReport {
  readonly availabilityZone: string;
  readonly clients: ClientCounts;
  /** By the 16 digits at the end of their ARNs. */
  readonly targetGroups: ReadonlyMap<string, GroupCounts>;
  /** Connections that are open now. */
  readonly open: { readonly fromClients: number; readonly toTargets: number };
}

export function addCounts<T extends ClientCounts | GroupCounts>(one: T, other: T): T {
  return eachCount(one, other, (a, b) => a + b);
}

/** What came since. Never less than nothing. */
export function countsSince<T extends ClientCounts | GroupCounts>(before: T, now: T): T {
  return eachCount(before, now, (a, b) => Math.max(0, b - a));
}

function eachCount<T extends ClientCounts | GroupCounts>(
  one: T,
  other: T,
  of: (a: number, b: number) => number,
): T {
  const others = new Map<string, number>(Object.entries(other));
  const counted = Object.entries<number>({ ...one }).map(([name, a]) => [name, of(a, others.get(name) ?? 0)]);
  return Object.fromEntries(counted) as T;
}
