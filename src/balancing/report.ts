/** What the data plane saw of a target, from all the nodes of its load balancer. */
export interface TargetReport {
  readonly targetGroupArn: string;
  /** Of the target, as in the plan. */
  readonly id: string;
  readonly port: number;
  readonly health: ObservedHealth;
  /** Whether it drained by the plan that the data plane had. */
  readonly isDraining: boolean;
  /** Requests, or connections of layer 4, that it has still to answer: 0 of one that drains ends that early. */
  readonly outstanding: number;
}

export type ObservedHealth =
  /** Not decided yet: the first checks are on their way. */
  | { readonly state: 'initial' }
  | { readonly state: 'healthy' }
  | { readonly state: 'unhealthy'; readonly cause: UnhealthyCause };

/** Why checks fail: `Target.ResponseCodeMismatch`, `Target.Timeout`, `Target.FailedHealthChecks`. */
export type UnhealthyCause =
  | { readonly type: 'code-mismatch'; readonly code: number }
  | { readonly type: 'timeout' }
  | { readonly type: 'failed' };

/** Whether a node of a load balancer carries traffic. */
export interface NodeReport {
  /** Of the plan. */
  readonly interfaceId: string;
  readonly isUp: boolean;
  /** What keeps it from it. */
  readonly why?: string;
}
