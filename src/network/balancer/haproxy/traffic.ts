import {
  addCounts,
  type ClientCounts,
  countsSince,
  type GroupCounts,
  noClientCounts,
  noGroupCounts,
  type TrafficReport,
} from '../../../balancing/index.ts';
import type { ServerStatistics } from './statistics.ts';

/** What a process has carried since it began. */
interface Carried {
  readonly clients: ClientCounts;
  /** By the id of the target group. */
  readonly targetGroups: ReadonlyMap<string, GroupCounts>;
}

export type Traffic = Omit<TrafficReport, 'availabilityZone'>;

const nothing: Carried = { clients: noClientCounts, targetGroups: new Map() };

/**
 * Tells what a node's processes carry, each thing once. A process counts from its own beginning, so what it says is
 * compared with what it said before. What one that was adopted has carried until then was told already, or was carried
 * while nobody was there: it is told by nobody.
 */
export class TrafficMeter {
  /** Undefined: the process has not been read yet, and it was there before. */
  #before: Carried | undefined;

  /** Another process has begun, of which everything is new. */
  beginAnew(): void {
    this.#before = nothing;
  }

  read(rows: readonly ServerStatistics[]): Traffic {
    const now = carriedBy(rows, this.#before);
    const traffic = { ...carriedSince(this.#before ?? now, now), open: openConnections(rows) };
    this.#before = now;
    return traffic;
  }
}

/** @param before What the same process had carried earlier: what is worked out from two counters never becomes less. */
function carriedBy(rows: readonly ServerStatistics[], before: Carried = nothing): Carried {
  const targetGroups = new Map<string, GroupCounts>();
  for (const row of rows) {
    if (!isOfTarget(row)) continue;
    const id = row.backend.slice('t-'.length);
    targetGroups.set(id, addCounts(targetGroups.get(id) ?? noGroupCounts, groupCounts(row)));
  }
  for (const [id, counts] of targetGroups) {
    // An attempt counts when it is begun, and as failed later.
    const told = before.targetGroups.get(id)?.newConnections ?? 0;
    targetGroups.set(id, { ...counts, newConnections: Math.max(told, counts.newConnections) });
  }
  const ofFrontends = rows.filter(isFrontend).map(({ counters }) => counters);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  // A server's response counts with its headers and a frontend's with its end: in between the difference is too small.
  const own = (status: '3xx' | '4xx' | '5xx'): number =>
    Math.max(
      before.clients[`own${status}`],
      sum(ofFrontends.map(({ responses }) => responses[status])) -
        sum([...targetGroups.values()].map((counts) => counts[`target${status}`])),
    );
  return {
    clients: {
      newConnections: sum(ofFrontends.map(({ connections }) => connections)),
      bytes: sum(ofFrontends.map(({ bytes }) => bytes)),
      ...{ own3xx: own('3xx'), own4xx: own('4xx'), own5xx: own('5xx') },
    },
    targetGroups,
  };
}

function carriedSince(before: Carried, now: Carried): Carried {
  const groups = [...now.targetGroups].map(
    ([id, counts]) => [id, countsSince(before.targetGroups.get(id) ?? noGroupCounts, counts)] as const,
  );
  return { clients: countsSince(before.clients, now.clients), targetGroups: new Map(groups) };
}

function groupCounts({ counters }: ServerStatistics): GroupCounts {
  const { sessions, connects, connectionErrors, responses } = counters;
  return {
    requests: sessions,
    newConnections: connects - connectionErrors,
    connectionErrors,
    target2xx: responses['2xx'],
    target3xx: responses['3xx'],
    target4xx: responses['4xx'],
    target5xx: responses['5xx'],
  };
}

function openConnections(rows: readonly ServerStatistics[]): TrafficReport['open'] {
  const open = { fromClients: 0, toTargets: 0 };
  for (const row of rows) {
    if (isFrontend(row)) open.fromClients += row.current;
    else if (isOfTarget(row)) open.toTargets += row.counters.open;
  }
  return open;
}

const isFrontend = ({ name }: ServerStatistics): boolean => name === 'FRONTEND';
/** Those of the other backends carry checks alone. */
const isOfTarget = (row: ServerStatistics): boolean => row.backend.startsWith('t-') && !isFrontend(row);
