/** The packets' side of VPCs, on one machine. */
export * from './network.ts';
