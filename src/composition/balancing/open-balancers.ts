import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import {
  BalancerError,
  type BalancerReports,
  type CertificateChain,
  openBalancers,
  type VpcNetwork,
  whyNoBalancers,
} from '../../network/index.ts';
import {
  type BalancerSource,
  type FollowBalancersOptions,
  followBalancers,
  nodesDown,
} from './follow-balancers.ts';

/** The load balancers of this machine; `why` says why it can't carry any. */
export interface MachineBalancers extends AsyncDisposable {
  readonly why?: string;
}

export interface OpenMachineBalancersOptions {
  readonly installationId: string;
  /** Where their files are. */
  readonly directory: string;
  /** The VPCs in the kernel of this machine, or why there are none. */
  readonly vpcs: { readonly network?: VpcNetwork; readonly why?: string };
  readonly source: BalancerSource;
  readonly certificates: FollowBalancersOptions['certificates'] & {
    /** Undefined: there is no such certificate. */
    certificate(arn: string): CertificateChain | undefined;
  };
  readonly reports: BalancerReports;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Makes the load balancers of the installation on this machine, and keeps them. Where that can't be, each says why. */
export async function openMachineBalancers(options: OpenMachineBalancersOptions): Promise<MachineBalancers> {
  const { installationId, directory, vpcs, source, certificates, reports, clock, random, log } = options;
  const { network } = vpcs;
  const why = network === undefined ? vpcs.why : await whyNoBalancers();
  if (network === undefined || why !== undefined) {
    const reason = `they carry no traffic on this machine: ${why}`;
    log.warn('Load balancers carry no traffic on this machine', { why });
    const nobody = {
      apply: async (plan: Parameters<typeof nodesDown>[0]) =>
        reports.nodes(plan.arn, nodesDown(plan, reason)),
      remove: async () => {},
    };
    const following = followBalancers({ source, certificates, reports, balancers: nobody, clock, log });
    return { why: reason, [Symbol.asyncDispose]: () => following[Symbol.asyncDispose]() };
  }
  await using opened = new AsyncDisposableStack();
  const balancers = opened.use(
    await openBalancers({
      ...{ installationId, directory, network, reports, clock, random, log },
      certificate: (arn) => {
        const certificate = certificates.certificate(arn);
        if (certificate === undefined) throw new BalancerError(`There is no certificate ${arn}`);
        return certificate;
      },
    }),
  );
  // What was deleted while nobody was here is not asked for any more.
  await balancers.removeOthers(source.keys().flatMap((key) => source.planOf(key)?.id ?? []));
  opened.use(followBalancers({ source, certificates, balancers, reports, clock, log }));
  const parts = opened.move();
  return { [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
