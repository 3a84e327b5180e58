/** The packets' side of VPCs and load balancers, on one machine. */

/** Of packets and names, for those who see neither VPCs nor their topologies. */
export type {
  DnsFound,
  DnsQuestion,
  DnsRecord,
  DnsRecordData,
  Flow,
  SoaRecord,
} from '../topology/index.ts';
export * from './balancer/index.ts';
export { connectInNamespace } from './connect-in-namespace.ts';
export * from './dns/index.ts';
export * from './engine/engine-networks.ts';
export type { NftTable } from './linux/firewall/nft-table.ts';
export type { InterfacePlace } from './linux/interface-place.ts';
export type { HostPort, NodePod } from './linux/node/host-ports.ts';
export type { NodeNetwork } from './linux/node/node-network.ts';
export type { NodePlace } from './linux/node/node-place.ts';
export {
  type AddressGroup,
  allPorts,
  type IsolatedPod,
  type PolicyPeer,
  type PolicyPlan,
  type PolicyPort,
  type PolicyProtocol,
  type PolicyRules,
  type PortGroup,
} from './linux/node/policy-plan.ts';
export { policyTable } from './linux/node/policy-table.ts';
export { policyVerdict } from './linux/node/policy-verdict.ts';
export type { ServicePlan, ServiceTarget, Targets } from './linux/node/service-plan.ts';
export { serviceTable } from './linux/node/service-table.ts';
export { LinuxNetworkOnDemand } from './linux/on-demand.ts';
export { openLinuxNetwork, whyNoVpcs } from './linux/open.ts';
export type { Machines } from './linux/router-parts.ts';
export * from './network.ts';
