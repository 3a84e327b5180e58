import type { ContainerDefinition, HealthCheck, LogConfiguration, Tmpfs } from '@aws-sdk/client-ecs';
import type { AcsDockerConfig } from '../../../protocols/acs.ts';
import { given } from '../given.ts';
import type { LaunchedType } from '../records.ts';

/** The container's sizes after overrides. */
export interface ContainerSizes {
  readonly memoryMiB: number | undefined;
  readonly memoryReservationMiB: number | undefined;
}

/** What Fargate gives where a container asks for nothing (ECS developer guide, "Task resource limits"). */
const fargateUlimits = [{ name: 'nofile', softLimit: 65_535, hardLimit: 65_535 }] as const;

/** The Engine API that these bodies are written for; agents negotiate the one they speak. */
const engineApiVersion = '1.17';
const mebibyte = 1024 * 1024;
const nanosecondsPerSecond = 1_000_000_000;

/**
 * The part of a container definition that travels to the agent as JSON strings in the Engine API's own casing:
 * what ECS has no field of its own for in the agent protocol.
 */
export function dockerConfig(
  container: ContainerDefinition,
  sizes: ContainerSizes,
  launchType: LaunchedType,
): AcsDockerConfig {
  const ulimits = container.ulimits ?? [];
  const hasNofile = ulimits.some(({ name }) => name === 'nofile');
  const limited =
    launchType === 'FARGATE' && !hasNofile
      ? { ...container, ulimits: [...ulimits, ...fargateUlimits] }
      : container;
  return {
    version: engineApiVersion,
    config: JSON.stringify(containerConfig(container)),
    hostConfig: JSON.stringify(hostConfig(limited, sizes)),
  };
}

function containerConfig(container: ContainerDefinition): object {
  return {
    ...given('Hostname', container.hostname),
    ...given('User', container.user),
    ...given('WorkingDir', container.workingDirectory),
    ...given('Labels', container.dockerLabels),
    ...given('Tty', container.pseudoTerminal),
    ...given('OpenStdin', container.interactive),
    ...given('NetworkDisabled', container.disableNetworking),
    ...given('Healthcheck', container.healthCheck && healthCheck(container.healthCheck)),
  };
}

function healthCheck({ command, interval, timeout, retries, startPeriod }: HealthCheck): object {
  const nanoseconds = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : seconds * nanosecondsPerSecond;
  return {
    Test: command ?? [],
    ...given('Interval', nanoseconds(interval ?? 30)),
    ...given('Timeout', nanoseconds(timeout ?? 5)),
    Retries: retries ?? 3,
    ...given('StartPeriod', nanoseconds(startPeriod)),
  };
}

function hostConfig(container: ContainerDefinition, sizes: ContainerSizes): object {
  const { linuxParameters = {} } = container;
  const bytes = (mebibytes: number | undefined): number | undefined =>
    mebibytes === undefined ? undefined : mebibytes * mebibyte;
  return {
    CapAdd: linuxParameters.capabilities?.add ?? [],
    CapDrop: linuxParameters.capabilities?.drop ?? [],
    ...given('LogConfig', container.logConfiguration && logConfig(container.logConfiguration)),
    ...given(
      'Ulimits',
      container.ulimits?.map(({ name, softLimit, hardLimit }) => ({
        Name: name,
        Soft: softLimit,
        Hard: hardLimit,
      })),
    ),
    ...given('Dns', container.dnsServers),
    ...given('DnsSearch', container.dnsSearchDomains),
    ...given(
      'ExtraHosts',
      container.extraHosts?.map(({ hostname, ipAddress }) => `${hostname}:${ipAddress}`),
    ),
    ...given('SecurityOpt', container.dockerSecurityOptions),
    ...given('ReadonlyRootfs', container.readonlyRootFilesystem),
    ...given('Privileged', container.privileged),
    ...given('MemoryReservation', bytes(sizes.memoryReservationMiB)),
    ...swap(linuxParameters, sizes.memoryMiB),
    ...given('ShmSize', bytes(linuxParameters.sharedMemorySize)),
    ...given('Tmpfs', linuxParameters.tmpfs && Object.fromEntries(linuxParameters.tmpfs.map(tmpfsEntry))),
    ...given(
      'Sysctls',
      container.systemControls?.length
        ? Object.fromEntries(
            container.systemControls.map(({ namespace = '', value = '' }) => [namespace, value]),
          )
        : undefined,
    ),
    ...given('Init', linuxParameters.initProcessEnabled),
  };
}

/** `maxSwap` is beyond the memory, the Engine's MemorySwap is both together; swappiness only goes with maxSwap. */
function swap(
  {
    maxSwap,
    swappiness,
  }: { readonly maxSwap?: number | undefined; readonly swappiness?: number | undefined },
  memoryMiB: number | undefined,
): object {
  if (maxSwap === undefined || memoryMiB === undefined) return {};
  return { MemorySwap: (memoryMiB + maxSwap) * mebibyte, MemorySwappiness: swappiness ?? 60 };
}

function tmpfsEntry({ containerPath = '', size, mountOptions = [] }: Tmpfs): [string, string] {
  return [containerPath, [`size=${size}m`, ...mountOptions].join(',')];
}

function logConfig({ logDriver, options = {} }: LogConfiguration): object {
  return { Type: logDriver, Config: options };
}
