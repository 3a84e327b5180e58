import type { Mount } from '../../../runtime/index.ts';
import type { MountedVolume } from '../kubelet-options.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';

/** What a container finds within: its environment, its files and its name. Others make it out of what the pod refers to. */
export interface ContainerSetup {
  /** Of the pod's namespaces. @throws {Error} in the words of the event FailedCreatePodSandBox. */
  sandbox(pod: Pod): {
    readonly hostname: string;
    readonly dns?: { readonly servers: readonly string[]; readonly search: readonly string[] };
  };
  /** @throws {Error} in the words of the reason CreateContainerConfigError, e.g. `secret "s" not found`. */
  container(
    pod: Pod,
    container: PodContainer,
    given: {
      readonly podIp: string;
      readonly hostIp: string;
      readonly volumes: ReadonlyMap<string, MountedVolume>;
      /** A directory of this run alone. */
      readonly directory: string;
    },
    signal: AbortSignal,
  ): Promise<ContainerInside>;
}

export interface ContainerInside {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** With references to the environment resolved; absent: the image's. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}
