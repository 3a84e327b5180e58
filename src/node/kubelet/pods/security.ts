import type { Image } from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { LinuxContainerUser, LocalProfile, Pod, PodContainer } from '../objects/pod.ts';
import { podText } from './names.ts';

/** As whom, and with which rights, a container runs, in the engine's words. */
export interface ContainerRights {
  /** `uid:gid`, so that the engine adds no groups by itself. */
  readonly user: string;
  readonly supplementalGroups: readonly number[];
  readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly isPrivileged?: boolean;
  readonly isReadonlyRootFilesystem?: boolean;
  readonly securityOptions?: readonly string[];
}

/**
 * What the security contexts of a container and its pod come to: the container's own counts before the pod's.
 * @param user See `containerUser`.
 * @param seccompProfile Of the type Localhost: what its file says.
 * @throws {Error} in upstream's words: it may not run as root and would.
 */
export function containerRights(
  pod: Pod,
  container: PodContainer,
  image: Pick<Image, 'user'>,
  user: LinuxContainerUser,
  seccompProfile?: string,
): ContainerRights {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot)
    verifyNonRoot(pod, container, own.runAsUser ?? ofPod.runAsUser, image.user);
  return given({
    user: `${user.uid}:${user.gid}`,
    supplementalGroups: user.supplementalGroups.filter((group) => group !== user.gid),
    capabilities: own.capabilities && {
      add: own.capabilities.add ?? [],
      drop: own.capabilities.drop ?? [],
    },
    isPrivileged: own.privileged,
    isReadonlyRootFilesystem: own.readOnlyRootFilesystem,
    securityOptions: securityOptions(pod, container, seccompProfile),
  });
}

function verifyNonRoot(
  pod: Pod,
  { name }: PodContainer,
  user: number | undefined,
  ofImage: string | undefined,
): void {
  const where = `(pod: ${JSON.stringify(podText(pod))}, container: ${name})`;
  if (user === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
  if (user !== undefined) return;
  const [imageUser = ''] = (ofImage ?? '').split(':');
  if (imageUser === '' || imageUser === '0')
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
  if (!/^\d+$/.test(imageUser))
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`,
    );
}

/** What of a security context names a profile, the container's own before the pod's. */
export function profileOf(
  pod: Pick<Pod, 'spec'>,
  { securityContext }: Pick<PodContainer, 'securityContext'>,
  kind: 'seccompProfile' | 'appArmorProfile',
): LocalProfile | undefined {
  return securityContext?.[kind] ?? pod.spec.securityContext?.[kind];
}

function securityOptions(
  pod: Pod,
  container: PodContainer,
  seccompProfile: string | undefined,
): readonly string[] | undefined {
  const { allowPrivilegeEscalation, procMount } = container.securityContext ?? {};
  const appArmor = profileOf(pod, container, 'appArmorProfile');
  const isUnconfined = profileOf(pod, container, 'seccompProfile')?.type === 'Unconfined';
  const options = [
    ...(allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(isUnconfined ? ['seccomp=unconfined'] : []),
    ...(seccompProfile === undefined ? [] : [`seccomp=${seccompProfile}`]),
    ...(appArmor?.type === 'Unconfined' ? ['apparmor=unconfined'] : []),
    ...(appArmor?.type === 'Localhost' ? [`apparmor=${appArmor.localhostProfile}`] : []),
    ...(procMount === 'Unmasked' ? ['systempaths=unconfined'] : []),
  ];
  return options.length === 0 ? undefined : options;
}
