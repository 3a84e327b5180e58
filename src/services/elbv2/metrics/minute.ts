import {
  addCounts,
  type ClientCounts,
  type GroupCounts,
  noClientCounts,
  noGroupCounts,
  type TrafficReport,
} from '../../../balancing/index.ts';

/** What a load balancer carried in an availability zone within a minute. */
export interface ZoneTraffic {
  readonly clients: ClientCounts;
  /** By the id of the target group. */
  readonly targetGroups: ReadonlyMap<string, GroupCounts>;
  /** As it was last. */
  readonly open: TrafficReport['open'];
}

const noTraffic: ZoneTraffic = {
  ...{ clients: noClientCounts, targetGroups: new Map(), open: { fromClients: 0, toTargets: 0 } },
};

/** What came on top. */
export function addTraffic(before: ZoneTraffic | undefined, report: ZoneTraffic): ZoneTraffic {
  const { clients, targetGroups } = before ?? noTraffic;
  return {
    clients: addCounts(clients, report.clients),
    targetGroups: addGroups(targetGroups, report.targetGroups),
    open: report.open,
  };
}

/** What all zones carried together. */
export function allZones(zones: Iterable<ZoneTraffic>): ZoneTraffic {
  let all = noTraffic;
  for (const { open, ...zone } of zones) {
    const fromClients = all.open.fromClients + open.fromClients;
    const toTargets = all.open.toTargets + open.toTargets;
    all = addTraffic(all, { ...zone, open: { fromClients, toTargets } });
  }
  return all;
}

/** What all target groups of it got together. */
export function allGroups({ targetGroups }: ZoneTraffic): GroupCounts {
  return [...targetGroups.values()].reduce(addCounts, noGroupCounts);
}

function addGroups(
  before: ReadonlyMap<string, GroupCounts>,
  more: ReadonlyMap<string, GroupCounts>,
): ReadonlyMap<string, GroupCounts> {
  const sums = new Map(before);
  for (const [id, counts] of more) sums.set(id, addCounts(sums.get(id) ?? noGroupCounts, counts));
  return sums;
}
