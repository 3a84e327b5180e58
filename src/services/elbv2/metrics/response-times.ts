import type { LogReport } from '../../../balancing/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import { loadBalancerPath, scopeOfArn } from '../arn.ts';
import { findLoadBalancer, findTargetGroup } from '../context.ts';
import { dimensionOf } from './points.ts';

/** How often each number of milliseconds was seen. */
type Times = Map<number, number>;

/** How long targets took to begin to answer, of a load balancer that is logged: nobody else times each request. */
export class ResponseTimes {
  /** By node's interface, then by target group's ARN. */
  readonly #times = new Map<string, Map<string, Times>>();

  add({ interfaceId, entries }: LogReport): void {
    for (const entry of entries) {
      if (entry.type !== 'request' || entry.targetMs === undefined || entry.targetGroupArn === undefined)
        continue;
      const ofNode = this.#times.get(interfaceId) ?? new Map<string, Times>();
      this.#times.set(interfaceId, ofNode);
      const times = ofNode.get(entry.targetGroupArn) ?? new Map();
      ofNode.set(entry.targetGroupArn, times);
      // As exact as percentiles have to be, and so bounded however long somebody takes.
      const ms = Number(entry.targetMs.toPrecision(3));
      times.set(ms, (times.get(ms) ?? 0) + 1);
    }
  }

  /** TargetResponseTime of a minute, where AWS reports it. @param timestamp Epoch milliseconds at which it began. */
  points(reader: Reader, arn: string, timestamp: number): readonly MetricPoint[] {
    const scope = scopeOfArn(arn);
    const balancer = findLoadBalancer(reader, scope, arn);
    if (balancer === undefined) return [];
    const own = { name: 'LoadBalancer', value: loadBalancerPath(balancer) };
    const places = new Map<
      string,
      { readonly dimensions: MetricPoint['dimensions']; readonly times: Times }
    >();
    const add = (dimensions: MetricPoint['dimensions'], more: Times): void => {
      const key = JSON.stringify(dimensions);
      const place = places.get(key) ?? { dimensions, times: new Map() };
      places.set(key, place);
      for (const [ms, count] of more) place.times.set(ms, (place.times.get(ms) ?? 0) + count);
    };
    for (const [interfaceId, groups] of this.#times) {
      const zone = balancer.nodes.find((node) => node.interfaceId === interfaceId)?.availabilityZone;
      const zones = zone === undefined ? [] : [{ name: 'AvailabilityZone', value: zone }];
      for (const [groupArn, times] of groups) {
        const group = findTargetGroup(reader, scope, groupArn);
        const groupPath = group && [dimensionOf(group)];
        for (const place of [[own], ...(zones.length > 0 ? [[own, ...zones]] : [])]) {
          add(place, times);
          if (groupPath !== undefined) add([...place, ...groupPath], times);
        }
      }
    }
    return [...places.values()].map(({ dimensions, times }) => ({
      ...{ namespace: 'AWS/ApplicationELB', name: 'TargetResponseTime', dimensions },
      ...{ unit: 'Seconds' as const, timestamp },
      value: [...times].map(([ms, count]) => [ms / 1_000, count] as const),
    }));
  }
}
