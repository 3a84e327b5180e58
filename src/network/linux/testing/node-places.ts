import type { NodePod } from '../node/host-ports.ts';

export const nodeAddress = '10.0.1.10';
/** The node's own beside those of its interfaces. */
export const localAddress = '10.100.0.10';
export const taskAddress = '10.0.2.5';
export const furtherAddress = '10.0.1.20';

/** Pods of the node, the last one of its further interface. */
export const web: NodePod = { uid: 'web', address: '10.0.1.11', deviceIndex: 0, hostPorts: [] };
export const api: NodePod = { uid: 'api', address: '10.0.1.12', deviceIndex: 0, hostPorts: [] };
/** Of an interface for itself. */
export const own: NodePod = { uid: 'own', address: '10.0.1.31', deviceIndex: 101, hostPorts: [] };
export const far: NodePod = { uid: 'far', address: '10.0.1.21', deviceIndex: 1, hostPorts: [] };
