import type { ACM } from '@aws-sdk/client-acm';
import type { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Refusal } from '../../../protocols/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { InputOf } from '../../authorization-row.ts';
import type { OperationsOf, SupportedOperation } from '../../service.ts';
import type { Scope } from '../arn.ts';
import type { ServiceName } from '../service-scaling.ts';

/** By their signing names, the services in which ECS makes what Express services stand on. */
interface Services {
  readonly acm: ACM;
  readonly 'application-autoscaling': ApplicationAutoScaling;
  readonly ec2: EC2;
  readonly elasticloadbalancing: ElasticLoadBalancingV2;
  readonly logs: CloudWatchLogs;
}

type OutputOf<Client, Name extends keyof OperationsOf<Client>> = Awaited<
  ReturnType<Extract<OperationsOf<Client>[Name], SupportedOperation>['run']>
>;

/**
 * Another service's operation, as a role that a user has passed to ECS: its policies decide, as they would about the user.
 * @throws {Refusal} the service's own, `AccessDenied` and the like included.
 */
export type Infrastructure = <
  Signing extends keyof Services,
  Name extends keyof OperationsOf<Services[Signing]> & string,
>(
  service: Signing,
  operation: Name,
  input: InputOf<Services[Signing], Name>,
) => Promise<OutputOf<Services[Signing], Name>>;

/** What Express services stand on, in other rooms. */
export interface InfrastructureRooms {
  /**
   * Acts with a role that a user has passed to ECS (`ecs.amazonaws.com`).
   * @throws {Refusal} AccessDeniedException there is no such role, or it doesn't trust ECS.
   */
  assumeRole(session: InfrastructureSession): Infrastructure;
  /** Whether Application Auto Scaling has a target for a service: what is gone has no tags by which a role may ask for it. */
  hasScalableTarget(reader: Reader, scope: Scope, service: ServiceName): boolean;
  /** Whether ACM has a certificate, issued or not. */
  hasCertificate(reader: Reader, scope: Scope, arn: string): boolean;
}

/** As what ECS acts. */
export interface InfrastructureSession {
  readonly scope: Scope;
  readonly roleArn: string;
  /** The ARN of the service that it acts for. */
  readonly sourceArn: string;
}

/** What `step` answers; undefined when another service refuses it with one of these codes. */
export async function unless<T>(codes: readonly string[], step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** Where ECS has no other rooms beside it. */
export const noInfrastructure: InfrastructureRooms = {
  assumeRole: () => async (service, operation) => {
    throw new Error(`There is no ${service} to ask for ${operation}`);
  },
  hasScalableTarget: () => false,
  hasCertificate: () => false,
};
