import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import type { Maker } from '../ingress/make.ts';
import type { ServiceRecord } from '../records.ts';
import type { ExpressLoadBalancerRecord, ExpressResources, ExpressServiceRecord } from './records.ts';

/**
 * What an Express service stands on, made step by step with the role that its user passed to ECS, which AWS's policy
 * AmazonECSInfrastructureRoleforExpressGatewayServices is for.
 */
export interface Site extends Maker {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly loadBalancer: ExpressLoadBalancerRecord;
  readonly express: ExpressServiceRecord;
  readonly service: ServiceRecord;
  /** Writes down what is there now. */
  readonly note: (made: Partial<ExpressResources>) => Promise<void>;
}
