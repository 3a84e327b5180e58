import type { ACM } from '@aws-sdk/client-acm';
import type { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Refusal } from '../protocols/index.ts';
import type { InputOf } from './authorization-row.ts';
import type { OperationsOf, SupportedOperation } from './service.ts';

/** By their signing names, the services in which other services make what their users' things stand on. */
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
 * Another service's operation, as a role that a user has passed to this one: its policies decide, as they would about the user.
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

/** As what a service acts. */
export interface InfrastructureSession {
  readonly scope: { readonly accountId: string; readonly region: string };
  readonly roleArn: string;
  /** The ARN of what it acts for. */
  readonly sourceArn: string;
  /** Session tags; left out where the role's trust policy doesn't allow `sts:TagSession`. */
  readonly tags?: Readonly<Record<string, string>>;
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
