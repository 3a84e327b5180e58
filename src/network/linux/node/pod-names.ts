import { createHash } from 'node:crypto';
import { macOf } from '../router-parts.ts';

/** All links of pods, at the node's end, begin with it. */
export const podLinkPrefix = 'eni';

/** The node's end of a pod's link: the kernel takes 15 characters. */
export function podLinkName(uid: string): string {
  return `${podLinkPrefix}${createHash('sha256').update(uid).digest('hex').slice(0, 11)}`;
}

/** Of both ends of a pod's link. */
export const podMacs = (uid: string) => ({ node: macOf(`${uid}/node`), pod: macOf(`${uid}/pod`) });
