import { CommandError, type VpcPlace } from '../../cli/index.ts';
import type { Clock, Random } from '../../clock/index.ts';
import type { InstallationFile } from '../../installation/index.ts';
import type { Log } from '../../log.ts';
import { EngineNetworks, Forwarder, LinuxNetworkOnDemand, whyNoVpcs } from '../../network/index.ts';
import type { LinkLocalListener } from '../../node/index.ts';
import type { DnsFound, DnsQuestion } from '../../topology/index.ts';
import { attachmentsTenant } from './attachments-tenant.ts';
import { followMachines, type MachineSource } from './follow-machines.ts';
import { followVpcs, type VpcSource } from './follow-vpcs.ts';
import { linkLocalTenant } from './link-local-tenant.ts';
import { resolverTenant } from './resolver-tenant.ts';

/** The VPCs of this machine: in its kernel, or what it has instead, and why. */
export type MachineVpcs = AsyncDisposable &
  (
    | {
        readonly network: LinuxNetworkOnDemand;
        /** What is known of names in them. */
        readonly names: VpcResolvers;
        readonly engineNetworks?: never;
        readonly why?: never;
      }
    | {
        readonly network?: never;
        readonly names?: never;
        readonly engineNetworks: EngineNetworks;
        readonly why: string;
      }
  );

export interface VpcResolvers {
  /** What a VPC's resolver answers by itself; all else it asks by the forwarder. */
  lookUp(vpcId: string, question: DnsQuestion): DnsFound;
  readonly forwarder: Forwarder;
}

export interface OpenVpcsOptions {
  readonly installation: InstallationFile;
  /** Where the Engine is, e.g. `unix:///var/run/docker.sock`. */
  readonly engineAddress: string;
  readonly removeEngineNetwork: (name: string) => Promise<void>;
  /** What a person asks for. */
  readonly place: VpcPlace;
  readonly source: VpcSource & {
    /** `enableDnsHostnames` */
    givesPublicNames(vpcKey: string): boolean;
    regionOf(vpcKey: string): string;
  };
  readonly machines: MachineSource;
  readonly zoneAnswer: (vpcId: string, question: DnsQuestion) => DnsFound;
  readonly linkLocal: LinkLocalListener | undefined;
  /** See `noteAttachments` of EC2's; absent: EC2 attaches nothing to this machine's instances. */
  readonly noteAttachments?: Parameters<typeof attachmentsTenant>[1];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Makes the VPCs of the installation in the kernel of this machine, and keeps them. Where that can't be, awsvpc tasks get
 * addresses on networks of the Engine's, as far as nothing there has to hold routes or security groups.
 * @throws {CommandError} the kernel is asked for, and can't.
 */
export async function openVpcs(options: OpenVpcsOptions): Promise<MachineVpcs> {
  const why = await whyNotInKernel(options);
  if (why === undefined) return openKernelVpcs(options);
  if (options.place === 'kernel')
    throw new CommandError(`This machine can't carry VPCs in its kernel, as it has to: ${why}`);
  return openEngineNetworks(options, why);
}

function openEngineNetworks(
  { source, machines, removeEngineNetwork: removeNetwork, noteAttachments, clock, log }: OpenVpcsOptions,
  why: string,
): MachineVpcs {
  log.warn('Routes and security groups are not enforced on this machine', { why });
  const engineNetworks = new EngineNetworks({ removeNetwork, clock });
  const { ownId: machineId } = machines;
  // What was attached before it had none is detached when somebody asks for it.
  const tenants = noteAttachments ? [attachmentsTenant({ attached: () => [] }, noteAttachments)] : [];
  const following = followVpcs({ source, machineId, network: engineNetworks, tenants, clock, log });
  return { engineNetworks, why, [Symbol.asyncDispose]: () => following[Symbol.asyncDispose]() };
}

async function openKernelVpcs(options: OpenVpcsOptions): Promise<MachineVpcs> {
  const { installation, source, machines, linkLocal, clock, random, log } = options;
  await using opened = new AsyncDisposableStack();
  const network = opened.use(
    new LinuxNetworkOnDemand({
      installationId: installation.id,
      publicCidr: installation.publicCidr,
      machines: machines.now(),
      clock,
      log,
    }),
  );
  const forwarder = opened.use(new Forwarder({ clock, random }));
  const { zoneAnswer, noteAttachments } = options;
  const resolvers = resolverTenant({
    ...{ network, forwarder, zoneAnswer, clock, random, log },
    givesPublicNames: (vpcKey) => source.givesPublicNames(vpcKey),
    regionOf: (vpcKey) => source.regionOf(vpcKey),
  });
  const tenants = [
    ...(linkLocal === undefined ? [] : [linkLocalTenant(network, linkLocal)]),
    resolvers,
    ...(noteAttachments === undefined ? [] : [attachmentsTenant(network, noteAttachments)]),
  ];
  for (const tenant of tenants) opened.use(tenant);
  // What was deleted while nobody was here is not asked for any more.
  await network.removeOthers(vpcIdsOf(source));
  opened.use(followMachines({ machines, network, clock, log }));
  opened.use(followVpcs({ source, network, machineId: machines.ownId, tenants, clock, log }));
  const parts = opened.move();
  const names: VpcResolvers = { forwarder, lookUp: (vpcId, question) => resolvers.lookUp(vpcId, question) };
  return { network, names, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function vpcIdsOf(source: VpcSource): readonly string[] {
  return source.vpcKeys().flatMap((vpcKey) => source.topologyOf(vpcKey)?.id ?? []);
}

async function whyNotInKernel({ place, engineAddress }: OpenVpcsOptions): Promise<string | undefined> {
  if (place === 'engine') return '--vpcs engine asks for networks of the Engine’s';
  // Containers of an Engine elsewhere have their namespaces there.
  return engineAddress.startsWith('unix:')
    ? whyNoVpcs()
    : `the Engine is at ${engineAddress}, and only on its machine can interfaces be put into containers`;
}
