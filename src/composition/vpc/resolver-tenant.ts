import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { type DnsServer, type Forwarder, openDnsServer, type VpcNetwork } from '../../network/index.ts';
import {
  type DnsFound,
  type DnsQuestion,
  endpointsOf,
  findVpcName,
  type VpcTopology,
} from '../../topology/index.ts';
import type { VpcTenant } from './follow-vpcs.ts';

const dnsPort = 53;

export interface ResolverOptions {
  readonly network: Pick<VpcNetwork, 'openSocket'>;
  readonly forwarder: Forwarder;
  /** Names of the VPC's private zones: Cloud Map's. They go before all others. */
  readonly zoneAnswer: (vpcId: string, question: DnsQuestion) => DnsFound;
  /** Whether public names lead to private addresses within the VPC: `enableDnsHostnames`. */
  readonly givesPublicNames: (vpcKey: string) => boolean;
  readonly regionOf: (vpcKey: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ResolverTenant extends VpcTenant {
  /** What the resolver of a VPC of this machine answers by itself, whether or not it has one for its own interfaces. */
  lookUp(vpcId: string, question: DnsQuestion): DnsFound;
}

/** The resolver of each VPC that has one: at its base plus two, and at 169.254.169.253. */
export function resolverTenant(options: ResolverOptions): ResolverTenant {
  const known = new Map<string, { vpc: VpcTopology; readonly vpcKey: string }>();
  const resolvers = new Map<string, Resolver>();
  const close = async (vpcId: string): Promise<void> => {
    const resolver = resolvers.get(vpcId);
    resolvers.delete(vpcId);
    await resolver?.server[Symbol.asyncDispose]();
  };
  return {
    lookUp: (vpcId, question) => {
      const here = known.get(vpcId);
      return here === undefined ? { kind: 'not-ours' } : lookUp(question, here.vpc, here.vpcKey, options);
    },
    settle: async (vpc, vpcKey) => {
      known.set(vpc.id, { vpc, vpcKey });
      const resolver = resolvers.get(vpc.id);
      if (resolver !== undefined) resolver.vpc = vpc;
      if (!vpc.hasResolver) await close(vpc.id);
      else if (resolver === undefined) {
        const resolver = { vpc };
        const server = await openDnsServer({
          ...options,
          sockets: endpointsOf(vpc).flatMap(({ address, protocol: type, port }) =>
            port === dnsPort
              ? [{ type, openFd: () => options.network.openSocket(vpc.id, { type, address, port }) }]
              : [],
          ),
          lookup: (question) => lookUp(question, resolver.vpc, vpcKey, options),
        });
        resolvers.set(vpc.id, Object.assign(resolver, { server }));
      }
    },
    leave: async (vpcId) => {
      known.delete(vpcId);
      await close(vpcId);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...resolvers.keys()].map(close));
    },
  };
}

interface Resolver {
  vpc: VpcTopology;
  readonly server: DnsServer;
}

function lookUp(
  question: DnsQuestion,
  vpc: VpcTopology,
  vpcKey: string,
  { zoneAnswer, givesPublicNames, regionOf }: ResolverOptions,
): DnsFound {
  const inZone = zoneAnswer(vpc.id, question);
  if (inZone.kind !== 'not-ours') return inZone;
  return findVpcName(question, {
    region: regionOf(vpcKey),
    cidrs: vpc.cidrs,
    privateAddressOf: (publicIpv4) => (givesPublicNames(vpcKey) ? privateOf(vpc, publicIpv4) : undefined),
    // There are no instances in VPCs yet.
    instanceAddress: () => undefined,
  });
}

function privateOf({ interfaces }: VpcTopology, publicIpv4: string): string | undefined {
  for (const { publicAddresses } of interfaces) {
    const found = publicAddresses.find((address) => address.publicIpv4 === publicIpv4);
    if (found !== undefined) return found.privateIpv4;
  }
  return undefined;
}
