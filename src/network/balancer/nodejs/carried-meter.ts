import {
  type ClientCounts,
  countsSince,
  type GroupCounts,
  noClientCounts,
  noGroupCounts,
  type TrafficReport,
} from '../../../balancing/index.ts';
import type { ProxyStatus } from './control.ts';

interface Carried {
  readonly clients: ClientCounts;
  readonly groups: ReadonlyMap<string, GroupCounts>;
}

/**
 * Tells what a process carries, each thing once. What one that was adopted has carried until then was told already, or
 * was carried while nobody was there: it is told by nobody.
 */
export class CarriedMeter {
  #before: Carried | undefined;

  constructor(process: 'begun' | 'adopted') {
    this.#before = process === 'begun' ? { clients: noClientCounts, groups: new Map() } : undefined;
  }

  read({ clients, groups, open }: ProxyStatus): Omit<TrafficReport, 'availabilityZone'> {
    const now: Carried = { clients, groups: new Map(groups) };
    const before = this.#before ?? now;
    this.#before = now;
    return {
      clients: countsSince(before.clients, clients),
      targetGroups: new Map(
        groups.map(([id, counts]) => [id, countsSince(before.groups.get(id) ?? noGroupCounts, counts)]),
      ),
      open,
    };
  }
}
