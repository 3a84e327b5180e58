/** The packets' side of VPCs, on one machine. */
export * from './dns/index.ts';
export * from './network.ts';
