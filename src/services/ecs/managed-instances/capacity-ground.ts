import type { InstanceType } from '../../ec2/index.ts';
import type { LaunchProfile } from '../placement/ranking.ts';
import type {
  ContainerInstanceRecord,
  ManagedInstanceRecord,
  ManagedInstanceReportRecord,
  ManagedProviderRecord,
} from '../records.ts';

/** An instance as far as it has come. */
export interface Member {
  readonly instance: ManagedInstanceRecord;
  readonly report?: ManagedInstanceReportRecord;
  /** Once its agent has registered it. */
  readonly container?: ContainerInstanceRecord;
  readonly daemons: DaemonsThere;
}

/** How an instance stands with its provider's daemons. */
export interface DaemonsThere {
  /** Their tasks that are not STOPPED. */
  readonly taskCount: number;
  readonly areStarted: boolean;
  /** Those that are critical run. */
  readonly areReady: boolean;
  /** One that is critical has ended. */
  readonly haveFailed: boolean;
  /** It has others than instances are to have. */
  readonly areOutdated: boolean;
}

/** An instance that could be launched: of a type, in a zone. */
export interface Offer {
  readonly type: Pick<InstanceType, 'name'>;
  readonly zone: string;
}

export interface CapacityGround {
  readonly provider: Pick<ManagedProviderRecord, 'launchFailure' | 'status'> & {
    readonly scaleInAfter?: number;
  };
  /** How many instances may be draining for other daemons at a time, in percent. */
  readonly drainPercent: number;
  readonly members: readonly Member[];
  /** What the tasks that wait for the provider ask for, the oldest first. */
  readonly waiting: readonly LaunchProfile[];
  /** The types that come into question, in the order in which they are tried. */
  readonly types: readonly Pick<InstanceType, 'name'>[];
  readonly zones: readonly string[];
  /** What would register; undefined: nobody can say, for no machine is there. */
  readonly wouldBe: (offer: Offer) => ContainerInstanceRecord | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What is to be done, by the instances' ids. */
export interface CapacityPlan {
  readonly launch: readonly Offer[];
  /** Their machine has room: EC2 launches them. */
  readonly place: readonly string[];
  /** Their daemons are to be started; or run, so that others may come. */
  readonly startDaemons: readonly string[];
  readonly open: readonly string[];
  /** They take no tasks any more. */
  readonly drain: readonly string[];
  /** No task needs them: from now on, and no longer. */
  readonly idle: readonly string[];
  readonly busy: readonly string[];
  /** Their daemons are to stop, for nothing else is there; and then they end. */
  readonly quit: readonly string[];
  readonly end: readonly string[];
  /** They have ended, or never were. */
  readonly forget: readonly string[];
  /** What no machine has room for, as it said. */
  readonly noRoom?: string;
  readonly lookAgainAt?: number;
}
