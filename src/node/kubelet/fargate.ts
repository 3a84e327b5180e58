import type { NodeDescription } from './kubelet-options.ts';

/** A Fargate pod is alone on its node, and has the node's own interface. */
export function isFargate({ labels }: Pick<NodeDescription, 'labels'>): boolean {
  return labels['eks.amazonaws.com/compute-type'] === 'fargate';
}
