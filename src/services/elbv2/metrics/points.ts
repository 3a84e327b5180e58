import { type GroupCounts, noGroupCounts } from '../../../balancing/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import { loadBalancerPath, type Scope, scopeOfArn } from '../arn.ts';
import { findLoadBalancer } from '../context.ts';
import {
  listeners,
  type TargetGroupRecord,
  targetGroups,
  targetHealths,
  targetKey,
  targets,
} from '../records.ts';
import { allGroups, allZones, type ZoneTraffic } from './minute.ts';

type Dimension = MetricPoint['dimensions'][number];
/** `always`: also when it is 0. */
type Figures = readonly (readonly [name: string, value: number, always?: 'always'])[];

/**
 * The figures of a minute of a load balancer, as AWS names them and where AWS reports them.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
 * @param zones What it carried, by availability zone.
 * @param timestamp Epoch milliseconds at which the minute began.
 * @returns none of a load balancer that is gone.
 */
export function trafficPoints(
  reader: Reader,
  arn: string,
  zones: ReadonlyMap<string, ZoneTraffic>,
  timestamp: number,
): readonly MetricPoint[] {
  const scope = scopeOfArn(arn);
  const balancer = findLoadBalancer(reader, scope, arn);
  if (balancer === undefined) return [];
  const isApplication = balancer.type === 'application';
  const namespace = isApplication ? 'AWS/ApplicationELB' : 'AWS/NetworkELB';
  const points = (dimensions: readonly Dimension[], figures: Figures): MetricPoint[] =>
    figures.flatMap(([name, value, always]) => {
      const unit = name === 'ProcessedBytes' ? 'Bytes' : 'Count';
      if (value === 0 && always === undefined) return [];
      return [{ namespace, name, dimensions, unit, timestamp, value }];
    });
  const whole = allZones(zones.values());
  const own = { name: 'LoadBalancer', value: loadBalancerPath(balancer) };
  const places = [
    { dimensions: [own], traffic: whole },
    ...[...zones].map(([zone, traffic]) => ({
      ...{ dimensions: [own, { name: 'AvailabilityZone', value: zone }], traffic },
    })),
  ];
  const groups = reader.byIndex(targetGroups, 'loadBalancer', arn).map(({ value }) => value);
  const ofHosts = groups.flatMap((group) =>
    points([own, dimensionOf(group)], hostFigures(hostsOf(reader, scope, group))),
  );
  if (!isApplication) {
    // The kernel carries datagrams, and nobody counts them: what HAProxy carries is not all then.
    const hasDatagrams = reader
      .byIndex(listeners, 'loadBalancer', arn)
      .some(({ value: { protocol } }) => protocol === 'UDP' || protocol === 'TCP_UDP');
    const flows = hasDatagrams ? [] : places;
    return [...flows.flatMap((place) => points(place.dimensions, flowFigures(place.traffic))), ...ofHosts];
  }
  return [
    ...points([own], connectionFigures(whole)),
    ...places.flatMap(({ dimensions, traffic }) => [
      ...points(dimensions, ownAnswers(traffic)),
      ...points(dimensions, requestFigures(allGroups(traffic))),
      ...groups.flatMap((group) =>
        points(
          [...dimensions, dimensionOf(group)],
          requestFigures(traffic.targetGroups.get(group.id) ?? noGroupCounts),
        ),
      ),
    ]),
    ...groups.flatMap((group) => {
      const { requests } = whole.targetGroups.get(group.id) ?? noGroupCounts;
      const figures = perTarget(requests, hostsOf(reader, scope, group));
      const ofGroup = dimensionOf(group);
      return [...points([ofGroup], figures), ...points([own, ofGroup], figures)];
    }),
    ...ofHosts,
  ];
}

function connectionFigures(traffic: ZoneTraffic): Figures {
  const { clients, open } = traffic;
  const { newConnections } = allGroups(traffic);
  return [
    ['ActiveConnectionCount', open.fromClients + open.toTargets],
    ['NewConnectionCount', clients.newConnections + newConnections],
    ['ProcessedBytes', clients.bytes],
  ];
}

function flowFigures({ clients, open }: ZoneTraffic): Figures {
  return [
    ['ActiveFlowCount', open.fromClients, 'always'],
    ['NewFlowCount', clients.newConnections, 'always'],
    ['ProcessedBytes', clients.bytes, 'always'],
  ];
}

function ownAnswers({ clients }: ZoneTraffic): Figures {
  return [
    ['HTTPCode_ELB_3XX_Count', clients.own3xx],
    ['HTTPCode_ELB_4XX_Count', clients.own4xx],
    ['HTTPCode_ELB_5XX_Count', clients.own5xx],
  ];
}

function requestFigures(counts: GroupCounts): Figures {
  return [
    ['RequestCount', counts.requests, 'always'],
    ['HTTPCode_Target_2XX_Count', counts.target2xx],
    ['HTTPCode_Target_3XX_Count', counts.target3xx],
    ['HTTPCode_Target_4XX_Count', counts.target4xx],
    ['HTTPCode_Target_5XX_Count', counts.target5xx],
    ['TargetConnectionErrorCount', counts.connectionErrors],
  ];
}

export interface Hosts {
  /** Those that are not being deregistered. */
  readonly registered: number;
  readonly healthy: number;
  readonly unhealthy: number;
}

/** With no target healthy all of them are asked. */
function perTarget(requests: number, { registered, healthy }: Hosts): Figures {
  const asked = healthy > 0 ? healthy : registered;
  return asked === 0 ? [] : [['RequestCountPerTarget', requests / asked, 'always']];
}

function hostFigures({ registered, healthy, unhealthy }: Hosts): Figures {
  if (registered === 0) return [];
  return [
    ['HealthyHostCount', healthy, 'always'],
    ['UnHealthyHostCount', unhealthy, 'always'],
  ];
}

export function hostsOf(reader: Reader, scope: Scope, { id }: TargetGroupRecord): Hosts {
  const registered = reader
    .byIndex(targets, 'targetGroup', id)
    .filter(({ value }) => value.drainsUntil === undefined);
  const states = registered.map(
    ({ value }) => reader.get(targetHealths, targetKey(targetHealths, scope, value))?.state,
  );
  return {
    registered: registered.length,
    healthy: states.filter((state) => state === 'healthy').length,
    unhealthy: states.filter((state) => state === 'unhealthy').length,
  };
}

/** `targetgroup/web/73e2d6bc24d8a067` */
export function dimensionOf({ arn }: Pick<TargetGroupRecord, 'arn'>): Dimension {
  return { name: 'TargetGroup', value: arn.slice(arn.lastIndexOf(':') + 1) };
}
