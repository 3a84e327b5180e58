import type { Fields } from '../fields.ts';
import type {
  Container,
  ContainerHealth,
  ContainerLimits,
  ContainerStatus,
  PortMapping,
} from '../runtime.ts';
import { withoutOwn } from './labels.ts';

const MiB = 1_048_576;

/** The Engine's inspection of a container in the runtime's terms. */
export function containerOf(inspected: Fields): Container {
  const config = inspected.object('Config');
  const state = inspected.object('State');
  const settings = inspected.object('NetworkSettings');
  const networks = settings.object('Networks');
  const endpoints = networks.keys().map((name) => networks.object(name));
  const status = statusOf(inspected);
  const macAddress = endpoints
    .map((endpoint) => endpoint.word('MacAddress'))
    .find((mac) => mac !== undefined);
  const health = state.has('Health') ? healthOf(state.object('Health')) : undefined;
  const restartCount = inspected.number('RestartCount');
  return {
    name: nameOf(inspected),
    runtimeId: inspected.text('Id') ?? '',
    labels: withoutOwn(config.textMap('Labels')),
    imageId: inspected.text('Image') ?? '',
    status,
    ports: status.state === 'running' ? portsOf(settings.object('Ports')) : [],
    ipv4Addresses: endpoints.flatMap((endpoint) => endpoint.word('IPAddress') ?? []),
    ...(macAddress === undefined ? {} : { macAddress }),
    createdAtMs: inspected.timeMs('Created') ?? 0,
    limits: limitsOf(inspected.object('HostConfig')),
    ...(restartCount === undefined ? {} : { restartCount }),
    ...(health === undefined ? {} : { health }),
  };
}

/** Zero is the Engine's word for none. */
function limitsOf(config: Fields): ContainerLimits {
  const [nanoCpus, quota, period] = ['NanoCpus', 'CpuQuota', 'CpuPeriod'].map(
    (name) => config.number(name) ?? 0,
  ) as [number, number, number];
  const cpuMillis = quota > 0 ? Math.round((quota * 1_000) / (period || 100_000)) : nanoCpus / 1e6;
  const [cpuShares, memory, swap] = ['CpuShares', 'Memory', 'MemorySwap'].map(
    (name) => config.number(name) ?? 0,
  );
  return {
    ...(cpuShares && { cpuShares }),
    ...(cpuMillis > 0 && { cpuMillis }),
    ...(memory && { memoryMiB: memory / MiB }),
    ...(swap && swap > 0 && { memorySwapMiB: swap / MiB }),
  };
}

/** The Engine begins names with a slash. */
const nameOf = (inspected: Fields): string => (inspected.text('Name') ?? '').replace(/^\//, '');

function statusOf(inspected: Fields): ContainerStatus {
  const state = inspected.object('State');
  const error = state.word('Error');
  if (state.flag('Running')) {
    return {
      state: 'running',
      startedAtMs: state.timeMs('StartedAt') ?? 0,
      pid: state.number('Pid') ?? 0,
    };
  }
  const exitCode = state.number('ExitCode') ?? 0;
  const isCreated = state.text('Status') === 'created' || state.text('Status') === 'configured';
  // One that could not be started stays "created", with the error and an exit code that no process returned.
  if (isCreated && error === undefined) return { state: 'created' };
  const startedAtMs = state.timeMs('StartedAt');
  const finishedAtMs = state.timeMs('FinishedAt') ?? inspected.timeMs('Created') ?? 0;
  return {
    state: 'exited',
    exitCode,
    // The Engine stamps the start when it learns of it, and that may be after a very short life's end.
    ...(startedAtMs === undefined ? {} : { startedAtMs: Math.min(startedAtMs, finishedAtMs) }),
    finishedAtMs,
    wasOutOfMemory: state.flag('OOMKilled'),
    ...(error === undefined ? {} : { error }),
  };
}

function portsOf(ports: Fields): PortMapping[] {
  return ports.keys().flatMap((key) => {
    const [port = '', protocol] = key.split('/');
    return ports.list(key).map((binding) => ({
      containerPort: Number(port),
      hostPort: Number(binding.text('HostPort') ?? 0),
      protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
      hostIp: binding.text('HostIp') ?? '',
    }));
  });
}

const healthStatuses: Readonly<Record<string, ContainerHealth['status']>> = {
  starting: 'STARTING',
  healthy: 'HEALTHY',
  unhealthy: 'UNHEALTHY',
};

function healthOf(health: Fields): ContainerHealth | undefined {
  const status = healthStatuses[health.text('Status') ?? ''];
  if (status === undefined) return undefined;
  const log = health.list('Log');
  const last = log.at(-1);
  const output = last?.text('Output');
  const exitCode = last?.number('ExitCode');
  const sinceMs = since(log);
  return {
    status,
    ...(output === undefined ? {} : { output }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

/** The Engine keeps the last few probes only: the status is at least as old as the run of equal ones at their end. */
function since(log: readonly Fields[]): number | undefined {
  const passed = (probe: Fields | undefined): boolean => probe?.number('ExitCode') === 0;
  const lastOther = log.findLastIndex((probe) => passed(probe) !== passed(log.at(-1)));
  return log[lastOther + 1]?.timeMs('End');
}
