import type { LoadFacts } from './load.ts';

/** Which of the two an application is deployed on. */
export const hulls = ['ecs', 'eks'] as const;
export type Hull = (typeof hulls)[number];

/** What both hulls are measured by; a part that could not be seen is absent. */
export interface HullFacts {
  /** From asking for the cluster until it and its capacity could take the application. */
  capacityMs: number;
  /** From asking for the application until the load balancer answered with 200. */
  firstAnswerMs: number;
  /** From asking for one more task or pod until it was up. */
  oneMoreMs: number;
  /** What was asked of the load balancer while the application was updated. */
  requests: LoadFacts;
  memory: {
    /** Of one container, as its own control group counts. */
    readonly usedBytes?: number;
    /** By the tasks or pods together. */
    readonly reservedMiB: number;
    /** Of what their instance has, what it offers to no task or pod. */
    readonly keptBackMiB: number;
  };
  /** Private ones in the VPC; the application's are those of its tasks or pods and of their host. */
  addresses: {
    readonly balancer: number;
    readonly application: number;
    /** Of the same, those that the internet reaches. */
    readonly public: number;
  };
  identity: IdentityFacts;
}

export interface IdentityFacts {
  readonly role: string;
  /** A container found credentials by itself. */
  readonly isFound: boolean;
  /** What IAM decides about calls of this role, by action. */
  readonly decisions: Readonly<Record<string, 'allowed' | 'denied'>>;
}
