import type { DeploymentLifecycleHookStage, ServiceDeploymentLifecycleStage } from '@aws-sdk/client-ecs';
import type { Json } from '../../../store/index.ts';

/** How far a deployment has come that traffic is shifted to (strategies BLUE_GREEN, LINEAR and CANARY). */

/** Hooks have a stage that the SDK's list of the stages that are shown leaves out, though its text has it. */
export type LifecycleStage = ServiceDeploymentLifecycleStage | DeploymentLifecycleHookStage;

export interface LifecycleRecord {
  /** Absent: it hasn't begun. */
  readonly stage?: LifecycleStage;
  /** When its stage began. */
  readonly enteredAt: number;
  /** The deployment that the traffic comes from; absent: there is none. */
  readonly sourceId?: string;
  /** Traffic goes back to this deployment, from one that failed. */
  readonly isRollback: boolean;
  /** What it gets of production traffic, percent after percent; the last is 100. */
  readonly steps: readonly number[];
  readonly stepsTaken: number;
  /** The pause after each step but the last. */
  readonly stepBakeMs: number;
  /** What it gets now. */
  readonly traffic: TrafficRecord;
  /** Of its stage. */
  readonly hooks: readonly HookRecord[];
}

/** A hook that a stage waits for. */
export type HookRecord = PendingPause | PendingFunction;

export interface PendingPause extends HookStateRecord {
  /** `ecs-pause-…` */
  readonly id: string;
  readonly targetType: 'PAUSE';
}

export interface PendingFunction extends HookStateRecord {
  /** `ecs-lambda-…` */
  readonly id: string;
  readonly targetType: 'AWS_LAMBDA';
  /** The same for each call that belongs to this hook in this stage. */
  readonly executionId: string;
  readonly functionArn: string;
  readonly roleArn: string;
  /** What it is given with its first call. */
  readonly details?: Json;
}

interface HookStateRecord {
  /** A pause is AWAITING_ACTION, a function IN_PROGRESS, until it has ended. */
  readonly status: 'AWAITING_ACTION' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  readonly expiresAt: number;
  readonly timeoutAction: 'CONTINUE' | 'ROLLBACK';
}

/** In percent; the rest goes to where the traffic came from. */
export interface TrafficRecord {
  readonly production: number;
  /** Absent: nothing was said about test traffic yet, which goes where its rule says. */
  readonly test?: number;
}
