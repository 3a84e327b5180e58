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

/** Pods that refer to nothing: variables with values of their own, volumes mounted whole. */
export const plainSetup: ContainerSetup = {
  sandbox: ({ metadata, spec }) => ({ hostname: spec.hostname ?? metadata.name.slice(0, 63) }),
  container: async (_pod, { env = [], envFrom = [], command, args, volumeMounts = [] }, { volumes }) => {
    if (envFrom.length > 0 || env.some(({ valueFrom }) => valueFrom !== undefined))
      throw new Error('variables that come from elsewhere are not supported on this node');
    return {
      env: Object.fromEntries(env.map(({ name, value = '' }) => [name, value])),
      ...(command && { command }),
      ...(args && { args }),
      mounts: volumeMounts.map(({ name, mountPath, readOnly = false, subPath, subPathExpr }) => {
        const volume = volumes.get(name);
        if (volume === undefined || subPath || subPathExpr)
          throw new Error(`the mount of volume ${JSON.stringify(name)} is not supported on this node`);
        const isReadOnly = readOnly || (volume.isReadOnly ?? false);
        return { type: 'bind', source: volume.source, target: mountPath, isReadOnly };
      }),
    };
  },
};
