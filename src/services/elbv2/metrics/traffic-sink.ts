import type { LogReport, TrafficReport } from '../../../balancing/index.ts';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { State } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import { type Scope, scopeOfArn } from '../arn.ts';
import { findLoadBalancer } from '../context.ts';
import { addTraffic, type ZoneTraffic } from './minute.ts';
import { trafficPoints } from './points.ts';
import { ResponseTimes } from './response-times.ts';

const minuteMs = 60_000;

export interface TrafficSinkOptions {
  readonly state: State;
  readonly publishMetrics: (scope: Scope, points: readonly MetricPoint[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What data planes tell of what they carry. */
export interface TrafficSink extends AsyncDisposable {
  traffic(loadBalancerArn: string, report: TrafficReport): void;
  logged(loadBalancerArn: string, report: LogReport): void;
  /** What was carried since this process began, by load balancer's ARN. */
  carried(): ReadonlyMap<string, ZoneTraffic>;
}

interface Minute {
  readonly start: number;
  /** By load balancer's ARN, then by zone. */
  readonly balancers: Map<string, Map<string, ZoneTraffic>>;
  /** By load balancer's ARN. */
  readonly times: Map<string, ResponseTimes>;
}

/**
 * The one writer of load balancers' metrics: gathers what nodes carried, and gives it to CloudWatch a minute at a time.
 * It is kept in memory only; at the end the minute that has begun is published as far as it came.
 */
export function trafficSink({ state, publishMetrics, clock, log }: TrafficSinkOptions): TrafficSink {
  let minute: Minute | undefined;
  let timer: Disposable | undefined;
  const publishing = new Set<Promise<void>>();
  const carried = new Map<string, ZoneTraffic>();

  const publishOf = async (
    arn: string,
    zones: ReadonlyMap<string, ZoneTraffic>,
    times: ResponseTimes | undefined,
    start: number,
  ): Promise<void> => {
    try {
      await publishMetrics(scopeOfArn(arn), [
        ...trafficPoints(state, arn, zones, start),
        ...(times?.points(state, arn, start) ?? []),
      ]);
    } catch (error) {
      log.error('Cannot publish what a load balancer carried in a minute', { arn, error });
    }
  };
  const publish = (): void => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    const { start, balancers = [], times } = minute ?? { start: 0 };
    minute = undefined;
    for (const [arn, zones] of balancers) {
      if (findLoadBalancer(state, scopeOfArn(arn), arn) === undefined) carried.delete(arn);
      const work = publishOf(arn, zones, times?.get(arn), start).finally(() => publishing.delete(work));
      publishing.add(work);
    }
  };
  const begin = (start: number): Minute => {
    // A report may come before the timer that is due with it.
    publish();
    timer = clock.after(start + minuteMs - clock.now(), publish);
    return { start, balancers: new Map(), times: new Map() };
  };
  const current = (): Minute => {
    const now = clock.now();
    const start = now - (now % minuteMs);
    if (minute?.start !== start) minute = begin(start);
    return minute;
  };
  return {
    traffic: (arn, report) => {
      const { balancers } = current();
      const zones = balancers.get(arn) ?? new Map<string, ZoneTraffic>();
      balancers.set(arn, zones);
      zones.set(report.availabilityZone, addTraffic(zones.get(report.availabilityZone), report));
      carried.set(arn, addTraffic(carried.get(arn), report));
    },
    logged: (arn, report) => {
      const { times } = current();
      const known = times.get(arn) ?? new ResponseTimes();
      times.set(arn, known);
      known.add(report);
    },
    carried: () => carried,
    [Symbol.asyncDispose]: async () => {
      publish();
      await Promise.all(publishing);
    },
  };
}
