/**
 * What may pass in a VPC, as the kernel is told it: nftables in the VPC's own namespace, where every interface has a link
 * of its own (`link-name.ts`) and the router between them sees every packet.
 *
 * The rules take for granted what routes have to do: sources are routed by their subnet's table; what goes to a NAT
 * gateway leaves by its link, to the internet gateway by the uplink; public addresses of the VPC lead back to the uplink
 * from the host, also what the VPC itself sends there, so that the receiver sees the sender's public address as any
 * stranger's. Reverse path filters of the kernel are off: the guard knows better who may bear which source.
 */
export { type Firewall, firewallOf } from './firewall.ts';
export { firewallChanges } from './firewall-changes.ts';
