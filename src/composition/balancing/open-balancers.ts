import type { Guard } from '../../balancing/index.ts';
import type { BalancerChoice } from '../../cli/index.ts';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import {
  BalancerError,
  type BalancerReports,
  balancerDriver,
  type CertificateChain,
  openBalancers,
  type VpcNetwork,
} from '../../network/index.ts';
import {
  type BalancerSource,
  type FollowBalancersOptions,
  followBalancers,
  nodesDown,
} from './follow-balancers.ts';

/** The load balancers of this machine. */
export interface MachineBalancers extends AsyncDisposable {
  /** What carries them, or why nothing does. */
  readonly description: string;
}

export interface OpenMachineBalancersOptions {
  readonly installationId: string;
  /** Where their files are. */
  readonly directory: string;
  /** The VPCs in the kernel of this machine, or why there are none. */
  readonly vpcs: { readonly network?: VpcNetwork; readonly why?: string };
  readonly choice: BalancerChoice;
  readonly source: BalancerSource;
  readonly certificates: FollowBalancersOptions['certificates'] & {
    /** Undefined: there is no such certificate. */
    certificate(arn: string): CertificateChain | undefined;
  };
  readonly guard: Guard;
  readonly reports: BalancerReports;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Makes the load balancers of the installation on this machine, and keeps them. Where that can't be, each says why. */
export async function openMachineBalancers(options: OpenMachineBalancersOptions): Promise<MachineBalancers> {
  const { installationId, directory, vpcs, source, certificates, guard, reports, clock, random, log } =
    options;
  const { network } = vpcs;
  if (network === undefined) {
    const reason = `they carry no traffic on this machine: ${vpcs.why}`;
    log.warn('Load balancers carry no traffic on this machine', { why: vpcs.why });
    const nobody = {
      apply: async (plan: Parameters<typeof nodesDown>[0]) =>
        reports.nodes(plan.arn, nodesDown(plan, reason)),
      remove: async () => {},
    };
    const following = followBalancers({ source, certificates, reports, balancers: nobody, clock, log });
    return { description: reason, [Symbol.asyncDispose]: () => following[Symbol.asyncDispose]() };
  }
  await using opened = new AsyncDisposableStack();
  const driver = await balancerDriver(options.choice);
  log.info('Load balancers have a driver', { driver: driver.description });
  const balancers = opened.use(
    await openBalancers(
      {
        ...{ installationId, directory, network, guard, reports, clock, random, log },
        certificate: (arn) => {
          const certificate = certificates.certificate(arn);
          if (certificate === undefined) throw new BalancerError(`There is no certificate ${arn}`);
          return certificate;
        },
      },
      driver,
    ),
  );
  // What was deleted while nobody was here is not asked for any more.
  await balancers.removeOthers(source.keys().flatMap((key) => source.planOf(key)?.id ?? []));
  opened.use(followBalancers({ source, certificates, balancers, reports, clock, log }));
  const parts = opened.move();
  return { description: driver.description, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
