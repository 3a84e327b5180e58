import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Reader, State } from '../../reconcile/index.ts';
import type { AlarmReading, MetricPoint } from '../cloudwatch/index.ts';
import type { SessionStarter } from '../ssmmessages/index.ts';
import type { Scope } from './arn.ts';
import type { InfrastructureRooms } from './express/infrastructure.ts';
import type { HookFunctions } from './traffic-shift/hook-calls.ts';

/** What the ECS room is given by the composition root. */
export interface EcsContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Base URLs that DiscoverPollEndpoint answers with: where the agents' WebSockets listen. */
  readonly pollEndpoints: () => { readonly acs: string; readonly tcs: string };
  /** Makes AWSServiceRoleForECS in an account unless it is there; cheap when it is. */
  readonly ensureServiceLinkedRole: (accountId: string) => Promise<void>;
  /** Gives figures of `AWS/ECS` to CloudWatch. */
  readonly publishMetrics: (scope: Scope, points: readonly MetricPoint[]) => Promise<void>;
  /** CloudWatch's alarms by name, for deployments that watch them; names without an alarm are absent. */
  readonly alarmReadings: (
    reader: Reader,
    scope: Scope,
    names: readonly string[],
  ) => ReadonlyMap<string, AlarmReading>;
  /**
   * IAM's: temporary credentials of a role for `ecs-tasks.amazonaws.com`, another set with each call. Undefined: there is
   * no such role in the account, or it doesn't trust ECS.
   */
  readonly assumeTaskRole: (session: TaskSession) => TaskCredentials | undefined;
  /** What Express services are made of. */
  readonly infrastructure: InfrastructureRooms;
  /** What a role of a service keeps ECS from doing, in a sentence; undefined: nothing. */
  readonly infrastructureRoleObstacle: (scope: Scope, asked: AskedOfRole) => string | undefined;
  /** IAM's: the ARN of the role in an instance profile; undefined: there is no such profile, or no role in it. */
  readonly roleOfInstanceProfile: (reader: Reader, arn: string) => string | undefined;
  /** Runs the functions of lifecycle hooks; absent: nobody does. */
  readonly hookFunctions?: HookFunctions;
  /** Terminals in containers: ECS Exec. */
  readonly sessions: SessionStarter;
  /** The block of public addresses that the installation's machines answer. */
  readonly publicCidr: string;
}

/** What ECS is to do with a service's infrastructure role, or a hook's role. */
export interface AskedOfRole {
  readonly roleArn: string;
  /** E.g. `elasticloadbalancing:ModifyRule`. */
  readonly action: string;
  /** The ARN of what it is done to. */
  readonly resource: string;
  /** What conditions of its policies may ask about. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** As what ECS assumes a role. */
export interface TaskSession {
  readonly scope: Scope;
  readonly roleArn: string;
  /** The task's id. */
  readonly sessionName: string;
  /** The task's ARN, when the session is to end with it. */
  readonly holder?: string;
}

export interface TaskCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}
