import type { Image } from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import { podText } from './names.ts';

/** As whom, and with which rights, a container runs, in the engine's words. */
export interface ContainerRights {
  /** `uid` or `uid:gid`; absent: the image's. */
  readonly user?: string;
  readonly supplementalGroups?: readonly number[];
  readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly isPrivileged?: boolean;
  readonly isReadonlyRootFilesystem?: boolean;
  readonly securityOptions?: readonly string[];
}

/**
 * What the security contexts of a container and its pod come to: the container's own counts before the pod's.
 * @throws {Error} in upstream's words: it may not run as root and would, or asks for what this node has not.
 */
export function containerRights(
  pod: Pod,
  container: PodContainer,
  image: Pick<Image, 'user'>,
): ContainerRights {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser;
  const group = own.runAsGroup ?? ofPod.runAsGroup;
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot) verifyNonRoot(pod, container, user, image.user);
  const { supplementalGroups = [], fsGroup } = ofPod;
  const groups = [...new Set([...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])])];
  return given({
    user: userText(user, group, image.user),
    supplementalGroups: groups.length === 0 ? undefined : groups,
    capabilities: own.capabilities && {
      add: own.capabilities.add ?? [],
      drop: own.capabilities.drop ?? [],
    },
    isPrivileged: own.privileged,
    isReadonlyRootFilesystem: own.readOnlyRootFilesystem,
    securityOptions: securityOptions(pod, container),
  });
}

/** A group alone goes with the image's user. */
function userText(
  user: number | undefined,
  group: number | undefined,
  ofImage: string | undefined,
): string | undefined {
  if (user === undefined && group === undefined) return undefined;
  const who = user ?? (ofImage?.split(':')[0] || '0');
  return group === undefined ? String(who) : `${who}:${group}`;
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

function securityOptions(pod: Pod, { securityContext = {} }: PodContainer): readonly string[] | undefined {
  const { allowPrivilegeEscalation, procMount, seccompProfile } = securityContext;
  const seccomp = (seccompProfile ?? pod.spec.securityContext?.seccompProfile)?.type;
  if (seccomp === 'Localhost')
    throw new Error(
      'cannot load seccomp profile: profiles of the type Localhost are not supported on this node',
    );
  const options = [
    ...(allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(seccomp === 'Unconfined' ? ['seccomp=unconfined'] : []),
    ...(procMount === 'Unmasked' ? ['systempaths=unconfined'] : []),
  ];
  return options.length === 0 ? undefined : options;
}
