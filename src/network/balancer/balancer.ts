import type {
  LoadBalancerPlan,
  LogReport,
  NodeReport,
  TargetReport,
  TrafficReport,
} from '../../balancing/index.ts';

/**
 * The load balancers of one machine. A driver makes plans real, keeps them so, and says what it sees. Every method is one
 * idempotent step. What carries traffic outlives this process: disposing leaves it running, and whoever opens the next
 * one with the same directory takes it over.
 */
export interface LoadBalancers extends AsyncDisposable {
  /**
   * Makes a load balancer as planned: only what differs from before is touched, and no connection is lost by it.
   * Resolves once its nodes carry traffic so.
   * @param signal Ends the waiting for interfaces that no VPC on this machine has yet.
   * @throws {BalancerError} It can't be made so. What it did before it still does.
   */
  apply(plan: LoadBalancerPlan, signal?: AbortSignal): Promise<void>;
  /** Takes a load balancer away, with the connections that it has. Absent is success. */
  remove(id: string): Promise<void>;
  /** Takes away all but these: those that went while no process was there to remove them. */
  removeOthers(ids: readonly string[]): Promise<void>;
}

/** Told of every state that changes, and of each once after a start. */
export interface BalancerReports {
  /** Those of its targets of which something new is to say. */
  targets(loadBalancerArn: string, reports: readonly TargetReport[]): void;
  /** All of its nodes. */
  nodes(loadBalancerArn: string, reports: readonly NodeReport[]): void;
  /** What one of its nodes carried, with every look at it: also when that is nothing. */
  traffic(loadBalancerArn: string, report: TrafficReport): void;
  /** What has ended at one of its nodes since the last time, of those that are logged. As far as can be: it may be lost. */
  logged(loadBalancerArn: string, report: LogReport): void;
}

/** A certificate of a listener, as PEM. */
export interface CertificateChain {
  /** The certificate first, then those that vouch for it. */
  readonly chain: string;
  readonly privateKey: string;
}

/** What could not be done, on what, and why. */
export class BalancerError extends Error {
  override readonly name = 'BalancerError';
}
