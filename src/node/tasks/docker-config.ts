import type { AcsDockerConfig } from '../../protocols/index.ts';
import type { HealthCheck } from '../../runtime/index.ts';
import { given, MalformedError, parseJson, Reader } from '../reading.ts';

/**
 * `dockerConfig` of an ACS container: two JSON strings in the Docker API's casing, through which everything travels
 * that ACS has no member for. Members that are not known here and carry something are refused by name.
 */
export interface DockerConfig {
  readonly hostname?: string;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pseudoTerminal: boolean;
  readonly interactive: boolean;
  readonly isNetworkDisabled: boolean;
  readonly healthCheck?: HealthCheck;
  readonly log?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly extraHosts: readonly { readonly hostname: string; readonly ipAddress: string }[];
  readonly securityOptions: readonly string[];
  readonly isReadonlyRootFilesystem: boolean;
  readonly isPrivileged: boolean;
  readonly memoryReservationMiB?: number;
  readonly memorySwapMiB?: number;
  readonly swappiness?: number;
  readonly sharedMemoryMiB?: number;
  readonly tmpfs: readonly { readonly containerPath: string; readonly options: string }[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly capabilitiesAdd: readonly string[];
  readonly capabilitiesDrop: readonly string[];
  readonly init: boolean;
}

const configMembers = new Set([
  'Hostname',
  'User',
  'WorkingDir',
  'Labels',
  'Tty',
  'OpenStdin',
  'Healthcheck',
  'NetworkDisabled',
]);
const hostConfigMembers = new Set([
  'LogConfig',
  'Ulimits',
  'Dns',
  'DnsSearch',
  'ExtraHosts',
  'SecurityOpt',
  'ReadonlyRootfs',
  'Privileged',
  'MemoryReservation',
  'MemorySwap',
  'MemorySwappiness',
  'ShmSize',
  'Tmpfs',
  'Sysctls',
  'CapAdd',
  'CapDrop',
  'Init',
]);

/** @throws {MalformedError} naming the member that does not fit or is not supported. */
export function readDockerConfig(dockerConfig: AcsDockerConfig, path: string): DockerConfig {
  const config = new Reader(parseJson(dockerConfig.config || '{}'), `${path}.dockerConfig.config`);
  const host = new Reader(parseJson(dockerConfig.hostConfig || '{}'), `${path}.dockerConfig.hostConfig`);
  refuseUnknown(config, configMembers);
  refuseUnknown(host, hostConfigMembers);
  return given({
    hostname: nonEmpty(config.optionalString('Hostname')),
    user: nonEmpty(config.optionalString('User')),
    workingDirectory: nonEmpty(config.optionalString('WorkingDir')),
    labels: config.optionalStringMap('Labels') ?? {},
    pseudoTerminal: config.optionalBoolean('Tty') ?? false,
    interactive: config.optionalBoolean('OpenStdin') ?? false,
    isNetworkDisabled: config.optionalBoolean('NetworkDisabled') ?? false,
    healthCheck: config.optionalObject('Healthcheck', readHealthCheck),
    log: host.optionalObject('LogConfig', readLogConfig),
    ulimits:
      host.optionalList('Ulimits', (ulimit) => ({
        name: ulimit.string('Name'),
        soft: ulimit.number('Soft'),
        hard: ulimit.number('Hard'),
      })) ?? [],
    dns: host.optionalStrings('Dns') ?? [],
    dnsSearch: host.optionalStrings('DnsSearch') ?? [],
    extraHosts: (host.optionalStrings('ExtraHosts') ?? []).map(readExtraHost),
    securityOptions: host.optionalStrings('SecurityOpt') ?? [],
    isReadonlyRootFilesystem: host.optionalBoolean('ReadonlyRootfs') ?? false,
    isPrivileged: host.optionalBoolean('Privileged') ?? false,
    memoryReservationMiB: bytesToMiB(host.optionalNumber('MemoryReservation')),
    memorySwapMiB: bytesToMiB(host.optionalNumber('MemorySwap')),
    swappiness: host.optionalNumber('MemorySwappiness'),
    sharedMemoryMiB: bytesToMiB(host.optionalNumber('ShmSize')),
    tmpfs: Object.entries(host.optionalStringMap('Tmpfs') ?? {}).map(([containerPath, options]) => ({
      containerPath,
      options,
    })),
    sysctls: host.optionalStringMap('Sysctls') ?? {},
    capabilitiesAdd: host.optionalStrings('CapAdd') ?? [],
    capabilitiesDrop: host.optionalStrings('CapDrop') ?? [],
    init: host.optionalBoolean('Init') ?? false,
  });
}

/** Docker's durations are nanoseconds; zero or absent means the API's default, which ECS shares (30 s, 5 s, 3). */
function readHealthCheck(check: Reader): HealthCheck | undefined {
  const command = check.optionalStrings('Test') ?? [];
  if (command.length === 0 || command[0] === 'NONE') return undefined;
  return {
    command,
    intervalSeconds: nanosToSeconds(check.optionalNumber('Interval')) || 30,
    timeoutSeconds: nanosToSeconds(check.optionalNumber('Timeout')) || 5,
    retries: check.optionalNumber('Retries') || 3,
    startPeriodSeconds: nanosToSeconds(check.optionalNumber('StartPeriod')),
  };
}

function readLogConfig(config: Reader): DockerConfig['log'] {
  const driver = config.optionalString('Type') ?? '';
  return driver === '' ? undefined : { driver, options: config.optionalStringMap('Config') ?? {} };
}

function readExtraHost(entry: string): { hostname: string; ipAddress: string } {
  const colon = entry.indexOf(':');
  if (colon <= 0) {
    throw new MalformedError(`ExtraHosts entry '${entry}' should have the form 'hostname:address'`);
  }
  return { hostname: entry.slice(0, colon), ipAddress: entry.slice(colon + 1) };
}

function refuseUnknown(reader: Reader, known: ReadonlySet<string>): void {
  for (const member of reader.keys()) {
    if (known.has(member) || isNothing(reader.raw(member))) continue;
    throw new MalformedError(`${reader.path}.${member} is not supported by this agent`);
  }
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
const nanosToSeconds = (nanos: number | undefined): number => (nanos ?? 0) / 1e9;

/** Zero means unset in Docker's casing; -1 (unlimited swap) stays. */
function bytesToMiB(bytes: number | undefined): number | undefined {
  if (bytes === undefined || bytes === 0) return undefined;
  return bytes < 0 ? -1 : Math.ceil(bytes / 1_048_576);
}
