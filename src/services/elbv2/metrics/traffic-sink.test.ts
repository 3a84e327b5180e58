import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ClientCounts,
  type GroupCounts,
  noClientCounts,
  noGroupCounts,
  type RequestEntry,
  type TrafficReport,
} from '../../../balancing/index.ts';
import { recordingLog, silentLog } from '../../../log.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import {
  balancerTotals,
  groupHosts,
  type ReportSink,
  reportSink,
  type TrafficSink,
  trafficSink,
} from '../index.ts';
import { loadBalancers } from '../records.ts';
import { type ElbServer, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
let sink: TrafficSink;
let seen: ReportSink;
let published: (readonly MetricPoint[])[];
const log = recordingLog();
let failure: Error | undefined;

beforeEach(async () => {
  server = await startElb();
  published = [];
  failure = undefined;
  seen = reportSink(server.state, silentLog);
  sink = trafficSink({
    ...{ state: server.state, clock: server.clock, log },
    publishMetrics: async (_scope, points) => {
      if (failure !== undefined) throw failure;
      published.push(points);
    },
  });
  // At the beginning of a minute.
  await server.clock.advance(60_000 - (server.clock.now() % 60_000));
});
afterEach(() => server[Symbol.asyncDispose]());

const report = (
  zone: string,
  clients: Partial<ClientCounts>,
  group?: readonly [arn: string, counts: Partial<GroupCounts>],
  open: TrafficReport['open'] = { fromClients: 0, toTargets: 0 },
): TrafficReport => ({
  availabilityZone: zone,
  clients: { ...noClientCounts, ...clients },
  targetGroups: new Map(group && [[group[0].slice(-16), { ...noGroupCounts, ...group[1] }]]),
  open,
});

/** `Name Dimension=value`, and what it is. */
function figures(points: readonly MetricPoint[] = []): Record<string, MetricPoint['value']> {
  return Object.fromEntries(
    points.map(({ name, dimensions, value }) => {
      const places = dimensions.map((each) => `${each.name}=${each.value.replace(/\/[0-9a-f]{16}$/, '')}`);
      return [[name, ...places].join(' '), value];
    }),
  );
}

async function registerTargets(TargetGroupArn: string, states: readonly ('healthy' | 'unhealthy')[]) {
  const ids = states.map((_, index) => `172.31.0.${index + 9}`);
  await server.elb.registerTargets({ TargetGroupArn, Targets: ids.map((Id) => ({ Id })) });
  const cause = { type: 'timeout' } as const;
  const reports = states.map((state, index) => ({
    ...{ targetGroupArn: TargetGroupArn, id: ids[index] ?? '', port: 80 },
    ...{ isDraining: false, outstanding: 0 },
    health: state === 'healthy' ? { state } : { state, cause },
  }));
  seen.targets('', reports);
  await seen.settled();
}

describe('the metrics of an application load balancer', () => {
  let balancer: string;
  let group: string;
  beforeEach(async () => {
    balancer = await server.loadBalancer('front');
    group = await server.targetGroup('web');
    await server.listener(balancer, group);
  });

  it('have what targets took, of requests that were timed', async () => {
    const [node] = [...server.state.list(loadBalancers)].flatMap(({ value }) => value.nodes);
    const interfaceId = node?.interfaceId ?? '';
    const timed = (targetMs?: number): RequestEntry => ({
      ...{ type: 'request', kind: 'http', beganAt: 0, endedAt: 0, client: { address: '10.0.0.9', port: 1 } },
      ...{ targetGroupArn: group, isTargets: targetMs !== undefined, isClientGone: false },
      ...{ receivedBytes: 0, sentBytes: 0, listenerPort: 80, connectionId: '' },
      ...(targetMs !== undefined && { targetMs }),
    });
    sink.traffic(balancer, report('a', {}));
    sink.logged(balancer, { interfaceId, entries: [timed(5), timed(5), timed()] });
    sink.logged(balancer, { interfaceId, entries: [timed(12_345)] });
    await server.clock.advance(60_000);
    const times = (published[0] ?? []).filter(({ name }) => name === 'TargetResponseTime');
    const value = [
      [0.005, 2],
      [12.3, 1],
    ];
    expect(figures(times)).toEqual({
      'TargetResponseTime LoadBalancer=app/front': value,
      'TargetResponseTime LoadBalancer=app/front AvailabilityZone=eu-west-1a': value,
      'TargetResponseTime LoadBalancer=app/front TargetGroup=targetgroup/web': value,
      'TargetResponseTime LoadBalancer=app/front AvailabilityZone=eu-west-1a TargetGroup=targetgroup/web':
        value,
    });
  });

  it('are published once a minute, by load balancer, zone and target group', async () => {
    await registerTargets(group, ['healthy', 'healthy', 'unhealthy']);
    const minute = server.clock.now();
    const counts = { requests: 2, newConnections: 1, target2xx: 1, target5xx: 1 };
    const open = { fromClients: 2, toTargets: 1 };
    sink.traffic(balancer, report('a', { newConnections: 3, bytes: 50 }, [group, counts], open));
    await server.clock.advance(1_000);
    sink.traffic(balancer, report('a', { own4xx: 2 }, [group, counts], open));
    sink.traffic(balancer, report('b', { bytes: 50 }, [group, { requests: 1 }]));
    expect(published).toEqual([]);
    await server.clock.advance(60_000);
    expect(published).toHaveLength(1);
    const [points = []] = published;
    const own = 'LoadBalancer=app/front';
    const ofGroup = 'TargetGroup=targetgroup/web';
    const both = (zone: string, requests: number) => ({
      [`RequestCount ${own}${zone}`]: requests,
      [`RequestCount ${own}${zone} ${ofGroup}`]: requests,
    });
    const answers = (zone: string) => ({
      [`HTTPCode_ELB_4XX_Count ${own}${zone}`]: 2,
      ...Object.fromEntries(
        ['2XX', '5XX'].flatMap((status) => [
          [`HTTPCode_Target_${status}_Count ${own}${zone}`, 2],
          [`HTTPCode_Target_${status}_Count ${own}${zone} ${ofGroup}`, 2],
        ]),
      ),
    });
    expect(figures(points)).toEqual({
      [`ActiveConnectionCount ${own}`]: 3,
      [`NewConnectionCount ${own}`]: 5,
      [`ProcessedBytes ${own}`]: 100,
      ...both('', 5),
      ...both(' AvailabilityZone=a', 4),
      ...both(' AvailabilityZone=b', 1),
      ...answers(''),
      ...answers(' AvailabilityZone=a'),
      [`RequestCountPerTarget ${ofGroup}`]: 2.5,
      [`RequestCountPerTarget ${own} ${ofGroup}`]: 2.5,
      [`HealthyHostCount ${own} ${ofGroup}`]: 2,
      [`UnHealthyHostCount ${own} ${ofGroup}`]: 1,
    });
    expect(new Set(points.map(({ namespace }) => namespace))).toEqual(new Set(['AWS/ApplicationELB']));
    expect(new Set(points.map(({ timestamp }) => timestamp))).toEqual(new Set([minute]));
    expect(points.filter(({ unit }) => unit === 'Bytes').map(({ name }) => name)).toEqual(['ProcessedBytes']);
  });

  it('say that there was no request, so that a service is scaled in', async () => {
    await registerTargets(group, ['unhealthy', 'unhealthy']);
    sink.traffic(balancer, report('a', {}));
    await server.clock.advance(60_000);
    expect(figures(published[0])).toMatchObject({
      'RequestCountPerTarget LoadBalancer=app/front TargetGroup=targetgroup/web': 0,
      'HealthyHostCount LoadBalancer=app/front TargetGroup=targetgroup/web': 0,
    });
    expect(Object.keys(figures(published[0])).join()).not.toMatch(/HTTPCode|Connection|Bytes/);
  });

  it('are counted for the minute they are told in, and at the end as far as they came', async () => {
    sink.traffic(balancer, report('a', {}, [group, { requests: 1 }]));
    await server.clock.advance(60_000);
    sink.traffic(balancer, report('a', {}, [group, { requests: 2 }]));
    await sink[Symbol.asyncDispose]();
    await server.clock.advance(120_000);
    expect(published.map((points) => figures(points)['RequestCount LoadBalancer=app/front'])).toEqual([1, 2]);
  });

  it('are none of one that is gone, and say when they can’t be written', async () => {
    failure = new Error('no');
    sink.traffic(balancer, report('a', {}));
    await server.clock.advance(60_000);
    failure = undefined;
    await server.elb.deleteLoadBalancer({ LoadBalancerArn: balancer });
    sink.traffic(balancer, report('a', {}));
    await sink[Symbol.asyncDispose]();
    expect(published).toEqual([[]]);
    expect(log.lines).toHaveLength(1);
  });
});

describe('the metrics of a network load balancer', () => {
  it('are its flows, unless some of them are datagrams, which nobody counts', async () => {
    const balancer = await server.loadBalancer('front', { Type: 'network' });
    const group = await server.targetGroup('web', { Protocol: 'TCP', Port: 80 });
    await server.listener(balancer, group, { Protocol: 'TCP' });
    await registerTargets(group, ['healthy']);
    const carried = report('a', { newConnections: 2, bytes: 9 }, [group, { requests: 2 }], {
      ...{ fromClients: 1, toTargets: 0 },
    });
    sink.traffic(balancer, carried);
    await server.clock.advance(60_000);
    const hosts = {
      'HealthyHostCount LoadBalancer=net/front TargetGroup=targetgroup/web': 1,
      'UnHealthyHostCount LoadBalancer=net/front TargetGroup=targetgroup/web': 0,
    };
    expect(figures(published[0])).toEqual({
      ...Object.fromEntries(
        ['', ' AvailabilityZone=a'].flatMap((zone) => [
          [`ActiveFlowCount LoadBalancer=net/front${zone}`, 1],
          [`NewFlowCount LoadBalancer=net/front${zone}`, 2],
          [`ProcessedBytes LoadBalancer=net/front${zone}`, 9],
        ]),
      ),
      ...hosts,
    });
    expect(published[0]?.every(({ namespace }) => namespace === 'AWS/NetworkELB')).toBe(true);
    const datagrams = await server.targetGroup('names', { Protocol: 'UDP', Port: 53 });
    await server.listener(balancer, datagrams, { Protocol: 'UDP', Port: 53 });
    sink.traffic(balancer, carried);
    await server.clock.advance(60_000);
    expect(figures(published[1])).toEqual(hosts);
  });
});

describe('what load balancers carried since the beginning', () => {
  it('is counted over minutes and zones, from nothing, until the load balancer is gone', async () => {
    const front = await server.loadBalancer('front');
    await server.loadBalancer('idle');
    await server.loadBalancer('flows', { Type: 'network' });
    const group = await server.targetGroup('web');
    await server.listener(front, group);
    sink.traffic(front, report('a', { own4xx: 1, bytes: 10 }, [group, { requests: 3, target2xx: 2 }]));
    await server.clock.advance(60_000);
    sink.traffic(front, report('b', { own5xx: 1, bytes: 5 }, [group, { requests: 2, target2xx: 1 }]));
    const totals = () =>
      Object.fromEntries(
        balancerTotals(server.state, sink.carried()).map(({ loadBalancer, scope: _, ...counts }) => [
          loadBalancer.split('/').slice(0, 2).join('/'),
          counts,
        ]),
      );
    const nothing = { '3xx': 0, '4xx': 0, '5xx': 0 };
    const idle = { requests: 0, bytes: 0, responses: { target: { '2xx': 0, ...nothing }, elb: nothing } };
    expect(totals()).toEqual({
      'app/front': {
        ...{ requests: 5, bytes: 15 },
        responses: { target: { '2xx': 3, ...nothing }, elb: { '3xx': 0, '4xx': 1, '5xx': 1 } },
      },
      'app/idle': idle,
    });
    await server.elb.deleteLoadBalancer({ LoadBalancerArn: front });
    expect(totals()).toEqual({ 'app/idle': idle });
    await server.clock.advance(60_000);
    expect(sink.carried().size).toBe(0);
  });

  it('has the hosts of every target group by their health', async () => {
    const group = await server.targetGroup('web');
    await server.targetGroup('empty');
    const balancer = await server.loadBalancer('front');
    await server.listener(balancer, group);
    await registerTargets(group, ['healthy', 'healthy', 'unhealthy']);
    const hosts = groupHosts(server.state).map(({ targetGroup, healthy, unhealthy }) => [
      targetGroup.split('/')[1],
      healthy,
      unhealthy,
    ]);
    expect(hosts.sort()).toEqual([
      ['empty', 0, 0],
      ['web', 2, 1],
    ]);
  });
});
