import type { NodeNetwork } from '../../network/index.ts';

/** What is needed of a node's network. */
export type ProxiedNetwork = Pick<NodeNetwork, 'interrupt' | 'openSocket' | 'setTable'>;
