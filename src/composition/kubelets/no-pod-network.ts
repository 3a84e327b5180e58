import type { PodNetwork } from '../../node/index.ts';

const refuse = (): never => {
  throw new Error('failed to assign an IP address to container: nodes have no network for pods yet');
};

/** Of nodes that pods can't be on yet: they stay ContainerCreating, and say why. */
export const noPodNetwork: PodNetwork = {
  assign: async () => refuse(),
  join: async () => refuse(),
  release: async () => {},
};
