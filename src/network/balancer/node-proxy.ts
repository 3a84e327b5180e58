import type {
  Guard,
  LoadBalancerPlan,
  LogEntry,
  NodePlan,
  TargetGroupPlan,
  TargetPlan,
  TrafficReport,
} from '../../balancing/index.ts';
import type { Namespace } from '../linux/namespace.ts';
import type { Assignment } from './assignment.ts';
import type { CertificateChain } from './balancer.ts';
import type { DatagramTarget } from './datagrams.ts';
import type { Observation } from './targets.ts';

/** What a node shall be. */
export interface WantedNode {
  readonly plan: LoadBalancerPlan;
  readonly node: NodePlan;
  /** By ARN; of all listeners. */
  readonly certificates: ReadonlyMap<string, CertificateChain>;
  /** Makes cookies, so that they tell nothing of what they stand for. */
  readonly cookieKey: string;
  /** Of each target group, by its ARN. */
  readonly assignments: ReadonlyMap<string, Assignment>;
}

/** Where a node is, and whom it tells. */
export interface NodePlace {
  readonly interfaceId: string;
  /** Of its own. */
  readonly directory: string;
  /** Told after every look. */
  readonly observed: () => void;
  readonly carried: (traffic: TrafficReport) => void;
  readonly logged: (entries: readonly LogEntry[]) => void;
  readonly guard: Guard;
}

/** What carries a node's traffic, as a driver makes it: its processes outlive this one. Nothing is asked of it twice at once. */
export interface NodeProxy extends AsyncDisposable {
  /** In messages, e.g. `HAProxy`. */
  readonly name: string;
  /** What its processes need of their namespace. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether there is a process that takes connections. */
  readonly isRunning: boolean;
  /** So often in a row it has not answered. */
  readonly silences: number;
  /** Whether targets are asked for the first time. */
  readonly hasNewTargets: boolean;
  /** Undefined: it has not seen the target, or sends nothing to it. */
  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined;
  /** Of a group's targets those that take something new: such as are well, or all when none is. */
  takersOf(wanted: WantedNode, group: TargetGroupPlan): readonly DatagramTarget[];

  /** Takes over what an earlier process left running. */
  adopt(): void;
  /** Makes the process what is wanted: by telling it, or by another one where it must be. @throws {BalancerError} */
  settle(wanted: WantedNode, namespace: Namespace): Promise<void>;
  /** Compares what the process says with what is wanted, and tells it the difference. @returns whether it answered. */
  look(wanted: WantedNode): Promise<boolean>;
  /** Begins another process; the one before finishes what it has, if it is well. @throws {BalancerError} */
  replace(wanted: WantedNode, namespace: Namespace): Promise<void>;
  /** Ends all that it has running, with their connections. */
  kill(): void;
  removeFiles(): void;
}
