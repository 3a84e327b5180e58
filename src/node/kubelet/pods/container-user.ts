import type { Accounts } from '../images/image-accounts.ts';
import type { LinuxContainerUser, PodContainer, PodSpec } from '../objects/pod.ts';

/**
 * As whom a container's first process runs: what its security context says, before the pod's, before the image. Its
 * groups are those that the image's files give the user besides those of the pod, unless the pod wants its own alone.
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#supplementalgroupspolicy
 * @param ofImage The image's `USER`.
 * @throws {Error} the image names somebody whom its files don't know.
 */
export function containerUser(
  { securityContext: ofPod = {} }: Pick<PodSpec, 'securityContext'>,
  { securityContext: own = {} }: Pick<PodContainer, 'securityContext'>,
  ofImage: string | undefined,
  { users, groups }: Accounts,
): LinuxContainerUser {
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const [imageUser, imageGroup] = (ofImage ?? '').split(':');
  const who = String(runAsUser ?? (imageUser || 0));
  const known = users.find(({ name, uid }) => name === who || String(uid) === who);
  const uid = known?.uid ?? numberOf(who, `unable to find user ${who}: no matching entries in passwd file`);
  const groupOfImage = (): number | undefined => {
    if (runAsUser !== undefined || !imageGroup) return undefined;
    const found = groups.find(({ name, gid }) => name === imageGroup || String(gid) === imageGroup);
    const unknown = `unable to find group ${imageGroup}: no matching entries in group file`;
    return found?.gid ?? numberOf(imageGroup, unknown);
  };
  const gid = own.runAsGroup ?? ofPod.runAsGroup ?? groupOfImage() ?? known?.gid ?? 0;
  const { supplementalGroups = [], fsGroup, supplementalGroupsPolicy = 'Merge' } = ofPod;
  const ofFiles =
    supplementalGroupsPolicy === 'Strict' || known === undefined
      ? []
      : groups.filter(({ members }) => members.includes(known.name)).map((group) => group.gid);
  const all = new Set([gid, ...ofFiles, ...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])]);
  return { uid, gid, supplementalGroups: [...all].toSorted((one, other) => one - other) };
}

function numberOf(id: string, otherwise: string): number {
  if (!/^\d+$/.test(id)) throw new Error(otherwise);
  return Number(id);
}

/** As a container's label keeps it: `uid:gid:group,group`. */
export const userText = ({ uid, gid, supplementalGroups }: LinuxContainerUser): string =>
  `${uid}:${gid}:${supplementalGroups.join(',')}`;

/** Undefined: an earlier kubelet made the container, and wrote down nothing. */
export function readUserText(text: string | undefined): LinuxContainerUser | undefined {
  const [uid, gid, groups] = text?.split(':') ?? [];
  if (groups === undefined) return undefined;
  return { uid: Number(uid), gid: Number(gid), supplementalGroups: groups.split(',').map(Number) };
}
