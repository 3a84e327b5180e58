import { type ContainerSpec, isGvisorRuntime } from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { NodeDescription } from '../kubelet-options.ts';
import type { LinuxContainerUser, Pod, PodContainer } from '../objects/pod.ts';
import { containerLimits, oomScoreAdjust } from '../resources/limits.ts';
import type { ContainerInside } from './container-setup.ts';
import { userText } from './container-user.ts';
import { containerName, labelsOf, podLabels } from './names.ts';
import type { ContainerRights } from './security.ts';

const MiB = 1_048_576;

export interface ContainerPlace {
  readonly sandboxId: string;
  readonly sandboxAttempt: number;
  readonly attempt: number;
  readonly rights: ContainerRights;
  readonly user: LinuxContainerUser;
  /** With its tag or digest. */
  readonly image: string;
  /** On this machine: what the container says at its end is written there. */
  readonly terminationMessageFile: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: Pick<NodeDescription, 'capacity'>;
  readonly isolation?: 'gvisor';
  /** The engine's runtime that its RuntimeClass names. */
  readonly handler?: string;
  /** In the engine, of the container whose processes it is to be among. */
  readonly target?: string;
}

/** How a container of a pod is made in the engine. */
export function containerSpec(
  pod: Pod,
  container: PodContainer,
  inside: ContainerInside,
  place: ContainerPlace,
): ContainerSpec {
  const { spec } = pod;
  const isApart = place.isolation !== undefined || isGvisorRuntime(place.handler ?? '');
  const messagePath = container.terminationMessagePath ?? '/dev/termination-log';
  return given({
    name: containerName(pod, container.name, place.attempt),
    sandboxId: place.sandboxId,
    labels: {
      ...place.labels,
      ...labelsOf(pod),
      [podLabels.container]: container.name,
      [podLabels.image]: container.image ?? '',
      [podLabels.user]: userText(place.user),
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
    ...containerLimits(container, place.node.capacity.cpuMillis),
    oomScoreAdjust: oomScoreAdjust(pod, container, place.node.capacity.memoryMiB * MiB),
    isolation: place.isolation,
    ociRuntime: place.handler,
    // Each container is a kernel of its own under gVisor.
    ipcMode: spec.hostIPC ? ('host' as const) : isApart ? undefined : ('sandbox' as const),
    pidMode: processesOf(spec, place.target),
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

/** As upstream: a target counts before what the pod says of its containers. */
function processesOf(
  { hostPID, shareProcessNamespace }: Pod['spec'],
  target: string | undefined,
): ContainerSpec['pidMode'] {
  if (target !== undefined) return { container: target };
  return hostPID ? 'host' : shareProcessNamespace ? 'sandbox' : undefined;
}
