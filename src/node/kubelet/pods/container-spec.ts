import { parseQuantity } from '../../../quantity.ts';
import type { ContainerSpec } from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import type { ContainerInside } from './container-setup.ts';
import { containerName, labelsOf, podLabels } from './names.ts';
import type { ContainerRights } from './security.ts';

const MiB = 1_048_576n;
const nano = 1_000_000_000n;
const leastShares = 2;

export interface ContainerPlace {
  readonly sandboxId: string;
  readonly sandboxAttempt: number;
  readonly attempt: number;
  readonly rights: ContainerRights;
  /** With its tag or digest. */
  readonly image: string;
  /** On this machine: what the container says at its end is written there. */
  readonly terminationMessageFile: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How a container of a pod is made in the engine. */
export function containerSpec(
  pod: Pod,
  container: PodContainer,
  inside: ContainerInside,
  place: ContainerPlace,
): ContainerSpec {
  const { spec } = pod;
  const messagePath = container.terminationMessagePath ?? '/dev/termination-log';
  return given({
    name: containerName(pod, container.name, place.attempt),
    sandboxId: place.sandboxId,
    labels: {
      ...place.labels,
      ...labelsOf(pod),
      [podLabels.container]: container.name,
      [podLabels.attempt]: String(place.attempt),
      [podLabels.sandboxAttempt]: String(place.sandboxAttempt),
      [podLabels.gracePeriod]: String(spec.terminationGracePeriodSeconds ?? 30),
    },
    image: place.image,
    entryPoint: inside.command,
    command: inside.args ?? (inside.command ? [] : undefined),
    env: inside.env,
    ...place.rights,
    stopSignal: container.lifecycle?.stopSignal,
    workingDirectory: container.workingDir,
    network: { mode: 'sandbox' as const },
    ...resourcesOf(container),
    ipcMode: spec.hostIPC ? ('host' as const) : ('sandbox' as const),
    pidMode: spec.hostPID ? ('host' as const) : spec.shareProcessNamespace ? ('sandbox' as const) : undefined,
    pseudoTerminal: container.tty,
    interactive: container.stdin,
    isInputOnce: container.stdinOnce,
    mounts: [
      ...inside.mounts,
      {
        type: 'bind' as const,
        source: place.terminationMessageFile,
        target: messagePath,
        isReadOnly: false,
      },
    ],
  });
}

/** CPU asked for as a weight, limits as limits. Memory is counted in whole MiB here: no limit becomes smaller. */
function resourcesOf({ resources = {} }: PodContainer): {
  readonly cpuShares: number;
  readonly cpuMillis: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly memorySwapMiB: number | undefined;
} {
  const { requests = {}, limits = {} } = resources;
  const asked = millisOf(requests.cpu ?? limits.cpu) ?? 0;
  const memoryMiB = mebibytesOf(limits.memory);
  return {
    cpuShares: Math.max(leastShares, Math.floor((asked * 1_024) / 1_000)),
    cpuMillis: millisOf(limits.cpu),
    memoryMiB,
    // A pod does not swap.
    memorySwapMiB: memoryMiB,
  };
}

/** In thousandths, rounded up; undefined where there is none. */
function millisOf(text: string | undefined): number | undefined {
  const nanos = text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n);
  return nanos === 0n ? undefined : Number((nanos + 999_999n) / 1_000_000n);
}

function mebibytesOf(text: string | undefined): number | undefined {
  const nanos = text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n);
  return nanos === 0n ? undefined : Number((nanos + MiB * nano - 1n) / (MiB * nano));
}
