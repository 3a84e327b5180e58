import type { AcsProxyListener, TcsServiceConnectMetrics } from '../../protocols/index.ts';
import { inboundFrontend, selectiveBackend, wholeBackend } from './proxy-config.ts';
import type { ProxyPlan } from './proxy-plan.ts';

/** What a proxy has counted since it began, by proxy and HAProxy's name of the figure. */
export type ProxyCounts = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** Says those of frontends and backends, without servers: in none of these lines a value has a comma. */
export const statisticsCommand = 'show stat -1 3 -1';

/** From its answer, a line for each with a head that names the columns (HAProxy's management guide, "CSV format"). */
export function readCounts(answer: string): ProxyCounts {
  const [head = '', ...lines] = answer.split('\n');
  const names = head.replace(/^# /, '').split(',');
  return new Map(
    lines
      .filter((line) => line.includes(','))
      .map((line) => {
        const values = line.split(',');
        const figures = names.map((name, index) => [name, Number(values[index] || 0)] as const);
        return [values[0] ?? '', Object.fromEntries(figures.filter(([, figure]) => Number.isFinite(figure)))];
      }),
  );
}

/**
 * What has happened since the reading before, in CloudWatch's names (ECS developer guide, "Service Connect metrics"): of
 * what the task asked others, and of what came in by its own proxy. Where nothing was asked there is no figure.
 */
export function proxyMetrics(
  { outbound, inbound }: ProxyPlan,
  before: ProxyCounts,
  now: ProxyCounts,
): readonly TcsServiceConnectMetrics[] {
  const grown = (proxies: readonly string[], name: string): number =>
    proxies
      .map((proxy) => (now.get(proxy)?.[name] ?? 0) - (before.get(proxy)?.[name] ?? 0))
      .reduce((sum, each) => sum + Math.max(0, each), 0);
  return [
    ...outbound.flatMap((listener) => targetMetrics(listener, grown, now)),
    ...inbound.flatMap((listener) => ownMetrics(listener, grown, now)),
  ];
}

type Grown = (proxies: readonly string[], name: string) => number;

function targetMetrics(
  { discoveryName, protocol }: AcsProxyListener,
  grown: Grown,
  now: ProxyCounts,
): TcsServiceConnectMetrics[] {
  const selective = selectiveBackend(discoveryName);
  const both = [selective, wholeBackend(discoveryName)];
  const [connections, bytes] = [grown(both, 'stot'), grown(both, 'bin') + grown(both, 'bout')];
  if (connections + bytes === 0) return [];
  const metrics: Record<string, number> = { TargetProcessedBytes: bytes };
  if (protocol !== 'tcp') {
    const requests = grown(both, 'req_tot');
    for (const status of [2, 3, 4, 5])
      metrics[`HTTPCode_Target_${status}XX_Count`] = grown(both, `hrsp_${status}xx`);
    const targets = now.get(wholeBackend(discoveryName))?.act ?? 0;
    if (targets > 0) metrics.RequestCountPerTarget = requests / targets;
    if (requests > 0) metrics.TargetResponseTime = now.get(selective)?.rtime ?? 0;
  }
  return [metricsOf('TargetDiscoveryName', discoveryName, metrics)];
}

function ownMetrics(
  { discoveryName, protocol }: AcsProxyListener,
  grown: Grown,
  now: ProxyCounts,
): TcsServiceConnectMetrics[] {
  const frontend = inboundFrontend(discoveryName);
  const metrics: Record<string, number> = {
    ActiveConnectionCount: now.get(frontend)?.scur ?? 0,
    NewConnectionCount: grown([frontend], 'conn_tot'),
    ProcessedBytes: grown([frontend], 'bin') + grown([frontend], 'bout'),
  };
  if (Object.values(metrics).every((value) => value === 0)) return [];
  const requests = grown([frontend], 'req_tot');
  if (protocol !== 'tcp') metrics.RequestCount = requests;
  if (protocol === 'grpc') metrics.GrpcRequestCount = requests;
  return [metricsOf('DiscoveryName', discoveryName, metrics)];
}

const metricsOf = (
  key: 'DiscoveryName' | 'TargetDiscoveryName',
  value: string,
  metrics: Readonly<Record<string, number>>,
): TcsServiceConnectMetrics => ({
  dimensions: [{ key, value }],
  generalMetrics: Object.entries(metrics).map(([metricName, figure]) => ({
    ...{ metricName, metricValues: [figure], metricCounts: [1] },
  })),
});
