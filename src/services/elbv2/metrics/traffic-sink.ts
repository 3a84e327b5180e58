import type { TrafficReport } from '../../../balancing/index.ts';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { State } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import { type Scope, scopeOfArn } from '../arn.ts';
import { addTraffic, type ZoneTraffic } from './minute.ts';
import { trafficPoints } from './points.ts';

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
}

interface Minute {
  readonly start: number;
  /** By load balancer's ARN, then by zone. */
  readonly balancers: Map<string, Map<string, ZoneTraffic>>;
}

/**
 * The one writer of load balancers' metrics: gathers what nodes carried, and gives it to CloudWatch a minute at a time.
 * It is kept in memory only; at the end the minute that has begun is published as far as it came.
 */
export function trafficSink({ state, publishMetrics, clock, log }: TrafficSinkOptions): TrafficSink {
  let minute: Minute | undefined;
  let timer: Disposable | undefined;
  const publishing = new Set<Promise<void>>();

  const publishOf = async (
    arn: string,
    zones: ReadonlyMap<string, ZoneTraffic>,
    start: number,
  ): Promise<void> => {
    try {
      await publishMetrics(scopeOfArn(arn), trafficPoints(state, arn, zones, start));
    } catch (error) {
      log.error('Cannot publish what a load balancer carried in a minute', { arn, error });
    }
  };
  const publish = (): void => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    const { start, balancers = [] } = minute ?? { start: 0 };
    minute = undefined;
    for (const [arn, zones] of balancers) {
      const work = publishOf(arn, zones, start).finally(() => publishing.delete(work));
      publishing.add(work);
    }
  };
  const begin = (start: number): Minute => {
    // A report may come before the timer that is due with it.
    publish();
    timer = clock.after(start + minuteMs - clock.now(), publish);
    return { start, balancers: new Map() };
  };
  return {
    traffic: (arn, report) => {
      const now = clock.now();
      const start = now - (now % minuteMs);
      if (minute?.start !== start) minute = begin(start);
      const zones = minute.balancers.get(arn) ?? new Map<string, ZoneTraffic>();
      minute.balancers.set(arn, zones);
      zones.set(report.availabilityZone, addTraffic(zones.get(report.availabilityZone), report));
    },
    [Symbol.asyncDispose]: async () => {
      publish();
      await Promise.all(publishing);
    },
  };
}
