import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadBalancerPlan } from '../../../balancing/index.ts';
import { silentLog } from '../../../log.ts';
import type { DnsQuestion } from '../../../topology/index.ts';
import { balancerNames, type PlanSource, planSource, type ReportSink, reportSink } from '../index.ts';
import { type ElbServer, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
let plans: PlanSource;
let reports: ReportSink;
let LoadBalancerArn: string;
let group: string;
let ListenerArn: string;
const address = '172.31.0.9';

beforeEach(async () => {
  server = await startElb();
  plans = planSource(server.state);
  reports = reportSink(server.state, silentLog);
  LoadBalancerArn = await server.loadBalancer('front');
  group = await server.targetGroup('web');
  ListenerArn = await server.listener(LoadBalancerArn, group);
  await server.elb.registerTargets({ TargetGroupArn: group, Targets: [{ Id: address }] });
});
afterEach(() => server[Symbol.asyncDispose]());

function plan(): LoadBalancerPlan {
  const [key = ''] = plans.keys();
  const found = plans.planOf(key);
  if (found === undefined) throw new Error('There is no load balancer');
  return found;
}

async function health(): Promise<readonly (string | undefined)[]> {
  const { TargetHealthDescriptions = [] } = await server.elb.describeTargetHealth({ TargetGroupArn: group });
  return TargetHealthDescriptions.flatMap(({ TargetHealth }) => [
    TargetHealth?.State,
    TargetHealth?.Reason,
    TargetHealth?.Description,
  ]);
}

async function state() {
  const { LoadBalancers } = await server.elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] });
  return LoadBalancers?.[0]?.State;
}

const target = () => ({ targetGroupArn: group, id: address, port: 80, isDraining: false });

describe('a plan', () => {
  it('says what the load balancer does', () => {
    expect(plan()).toMatchObject({
      ...{ arn: LoadBalancerArn, id: LoadBalancerArn.slice(-16), type: 'application', vpcId: server.vpcId },
      nodes: [{ availabilityZone: 'eu-west-1a' }, { availabilityZone: 'eu-west-1b' }],
      listeners: [
        {
          ...{ arn: ListenerArn, port: 80, protocol: 'HTTP', certificateArns: [] },
          rules: [
            { priority: 'default', action: { type: 'forward', targetGroups: [{ arn: group, weight: 1 }] } },
          ],
        },
      ],
      targetGroups: [
        {
          ...{
            arn: group,
            protocol: 'HTTP',
            protocolVersion: 'HTTP1',
            algorithm: 'round_robin',
            slowStart: 0,
          },
          healthCheck: { protocol: 'HTTP', path: '/', interval: 30, matcher: [{ from: 200, to: 200 }] },
          ...{ stickiness: { type: 'none' }, terminatesConnections: false },
          targets: [{ id: address, port: 80, address, availabilityZone: 'eu-west-1a', isDraining: false }],
        },
      ],
      attributes: { idleTimeout: 60, clientKeepAlive: 3600, http2: true, crossZone: true },
    });
  });

  it('is the same object until something changes, and so are its parts', async () => {
    const first = plan();
    expect(plan()).toBe(first);
    await server.elb.registerTargets({ TargetGroupArn: group, Targets: [{ Id: address, Port: 81 }] });
    const second = plan();
    expect(second).not.toBe(first);
    expect(second.listeners).toBe(first.listeners);
    expect(second.nodes).toBe(first.nodes);
    expect(second.targetGroups[0]?.healthCheck).toBe(first.targetGroups[0]?.healthCheck);
    expect(second.targetGroups[0]?.targets).toContain(first.targetGroups[0]?.targets[0]);
    expect(Object.isFrozen(second.targetGroups[0]?.targets)).toBe(true);
  });

  it('keeps what drains until it is gone, and tells of every change', async () => {
    const told: string[] = [];
    using _ = plans.subscribe((key) => told.push(key));
    await server.elb.deregisterTargets({ TargetGroupArn: group, Targets: [{ Id: address }] });
    expect(plan().targetGroups[0]?.targets).toMatchObject([{ isDraining: true }]);
    expect(told).toEqual([...plans.keys()]);
    const seen = async (isDraining: boolean, outstanding: number) => {
      const health = { state: 'healthy' } as const;
      reports.targets(LoadBalancerArn, [{ ...target(), health, isDraining, outstanding }]);
      await reports.settled();
      await server.reconcilers.idle();
      return plan().targetGroups[0]?.targets;
    };
    // Counted before the data plane knew of it: it may send more.
    expect(await seen(false, 0)).toHaveLength(1);
    expect(await seen(true, 2)).toHaveLength(1);
    expect(await seen(true, 0)).toEqual([]);
  });

  it('goes with the load balancer', async () => {
    const [key = ''] = plans.keys();
    expect(plans.planOf(key)).toBeDefined();
    await server.elb.deleteLoadBalancer({ LoadBalancerArn });
    expect(plans.keys()).toEqual([]);
    expect(plans.planOf(key)).toBeUndefined();
  });
});

describe('what is seen', () => {
  it('becomes the health of targets in AWS’s words', async () => {
    const seen = async (health_: Parameters<ReportSink['targets']>[1][number]['health']) => {
      reports.targets(LoadBalancerArn, [{ ...target(), health: health_, outstanding: 0 }]);
      await reports.settled();
      return health();
    };
    expect(await health()).toMatchObject(['initial', 'Elb.RegistrationInProgress', expect.any(String)]);
    expect(await seen({ state: 'initial' })).toMatchObject([
      'initial',
      'Elb.InitialHealthChecking',
      expect.any(String),
    ]);
    expect(await seen({ state: 'healthy' })).toEqual(['healthy', undefined, undefined]);
    expect(await seen({ state: 'unhealthy', cause: { type: 'code-mismatch', code: 502 } })).toEqual([
      ...['unhealthy', 'Target.ResponseCodeMismatch', 'Health checks failed with these codes: [502]'],
    ]);
    expect(await seen({ state: 'unhealthy', cause: { type: 'timeout' } })).toEqual([
      ...['unhealthy', 'Target.Timeout', 'Request timed out'],
    ]);
    expect(await seen({ state: 'unhealthy', cause: { type: 'failed' } })).toEqual([
      ...['unhealthy', 'Target.FailedHealthChecks', 'Health checks failed'],
    ]);
  });

  it('counts as last told, and is forgotten of what is gone', async () => {
    const healthy = { ...target(), health: { state: 'healthy' }, outstanding: 0 } as const;
    reports.targets(LoadBalancerArn, [{ ...healthy, health: { state: 'initial' } }]);
    reports.targets(LoadBalancerArn, [healthy, { ...healthy, id: '172.31.0.10' }]);
    reports.targets(LoadBalancerArn, [{ ...healthy, targetGroupArn: 'arn:x' }]);
    await reports.settled();
    expect(await health()).toEqual(['healthy', undefined, undefined]);
  });

  it('makes a load balancer active once all of its nodes carry traffic', async () => {
    const nodes = plan().nodes.map(({ interfaceId }) => ({ interfaceId, isUp: true }));
    const told = async (...given: Parameters<ReportSink['nodes']>[1]) => {
      reports.nodes(LoadBalancerArn, given);
      await reports.settled();
      return state();
    };
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error('There are two nodes');
    expect(await told(one, { ...two, isUp: false, why: 'no HAProxy' })).toEqual({
      ...{ Code: 'provisioning', Reason: 'no HAProxy' },
    });
    expect(await told(one, two)).toEqual({ Code: 'active' });
    expect(await told(one)).toEqual({ Code: 'active_impaired' });
    expect(await told(one, two)).toEqual({ Code: 'active' });
  });
});

describe('its name', () => {
  const ask = (name: string, type = 'A'): ReturnType<typeof balancerNames> => {
    const question: DnsQuestion = { name, type };
    return balancerNames(server.state, question);
  };
  const nameOf = async (arn: string) => {
    const { LoadBalancers } = await server.elb.describeLoadBalancers({ LoadBalancerArns: [arn] });
    return LoadBalancers?.[0]?.DNSName?.toLowerCase() ?? '';
  };

  it('leads to its public addresses, of an internal one to its private ones', async () => {
    const facing = await nameOf(LoadBalancerArn);
    expect(ask(facing)).toMatchObject({
      ...{ kind: 'records', atMost: 8 },
      records: [
        { data: expect.stringMatching(/^198\.18\./), ttl: 60 },
        { data: expect.stringMatching(/^198\.18\./) },
      ],
    });
    expect(ask(facing, 'AAAA')).toMatchObject({ kind: 'nodata' });
    expect(ask(`x${facing}`)).toEqual({ kind: 'not-ours' });
    const inner = await nameOf(await server.loadBalancer('Inner', { Scheme: 'internal' }));
    expect(ask(inner)).toMatchObject({ records: [{ data: expect.stringMatching(/^172\.31\./) }, {}] });
  });

  it('of a network load balancer leads into each of its zones', async () => {
    const name = await nameOf(await server.loadBalancer('net', { Type: 'network' }));
    expect(ask(`eu-west-1a.${name}`)).toMatchObject({ kind: 'records', records: [{}] });
    expect(ask(`eu-west-1c.${name}`)).toEqual({ kind: 'not-ours' });
    expect(ask(`eu-west-1a.${await nameOf(LoadBalancerArn)}`)).toEqual({ kind: 'not-ours' });
  });
});
