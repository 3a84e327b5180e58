import { noGroupCounts } from '../../../balancing/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { loadBalancerPath, type Scope } from '../arn.ts';
import { loadBalancers, scopeOfKey, targetGroups } from '../records.ts';
import { allGroups, type ZoneTraffic } from './minute.ts';
import { dimensionOf, type Hosts, hostsOf } from './points.ts';

type Responses = Readonly<Record<string, number>>;

/** What an application load balancer carried since the process that counts began. */
export interface BalancerTotals {
  readonly scope: Scope;
  /** `app/web/50dc6c495c0c9188` */
  readonly loadBalancer: string;
  /** For which a target was chosen. */
  readonly requests: number;
  /** Of targets and of the load balancer itself, by the class of their status. */
  readonly responses: { readonly target: Responses; readonly elb: Responses };
  /** From and to clients. */
  readonly bytes: number;
}

/** Of application load balancers that are there; what network load balancers carry as datagrams nobody counts. */
export function balancerTotals(
  reader: Reader,
  carried: ReadonlyMap<string, ZoneTraffic>,
): readonly BalancerTotals[] {
  return [...reader.list(loadBalancers)].flatMap(({ key, value: balancer }) => {
    if (balancer.type !== 'application') return [];
    const traffic = carried.get(balancer.arn);
    const targets = traffic === undefined ? noGroupCounts : allGroups(traffic);
    const { own3xx = 0, own4xx = 0, own5xx = 0, bytes = 0 } = traffic?.clients ?? {};
    const { requests, target2xx, target3xx, target4xx, target5xx } = targets;
    return {
      scope: scopeOfKey(key),
      loadBalancer: loadBalancerPath(balancer),
      ...{ requests, bytes },
      responses: {
        target: { '2xx': target2xx, '3xx': target3xx, '4xx': target4xx, '5xx': target5xx },
        elb: { '3xx': own3xx, '4xx': own4xx, '5xx': own5xx },
      },
    };
  });
}

/** The targets of a target group, without those that are being deregistered. */
export interface GroupHosts extends Pick<Hosts, 'healthy' | 'unhealthy'> {
  readonly scope: Scope;
  /** `targetgroup/web/73e2d6bc24d8a067` */
  readonly targetGroup: string;
}

export function groupHosts(reader: Reader): readonly GroupHosts[] {
  return [...reader.list(targetGroups)].map(({ key, value }) => {
    const scope = scopeOfKey(key);
    const { healthy, unhealthy } = hostsOf(reader, scope, value);
    return { scope, targetGroup: dimensionOf(value).value, healthy, unhealthy };
  });
}
