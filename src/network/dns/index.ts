/**
 * The resolver of a VPC: what it answers at the VPC's base plus two and at 169.254.169.253. What a name of the VPC leads
 * to is handed in as a function; the rest of the world is asked of the machine's own resolvers.
 *
 * The one idea: bytes that pass through stay what they were (`wire.ts`), and only what we say ourselves is written
 * record by record (`response.ts`). Whatever somebody sends, the worst that comes of it is an error code.
 */
export { type DnsServer, type DnsServerOptions, type DnsSocket, openDnsServer } from './dns-server.ts';
export { Forwarder, type ForwarderOptions } from './forwarder.ts';
export type { Lookup } from './resolution.ts';
