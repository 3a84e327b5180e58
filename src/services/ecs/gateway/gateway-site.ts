import type { Infrastructure } from '../../infrastructure.ts';
import { gatewayArn, type Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type Maker, managedTags } from '../ingress/make.ts';
import type { ServiceRecord } from '../records.ts';
import type {
  GatewayLoadBalancerRecord,
  GatewayRecord,
  GatewayRouteRecord,
  GatewayRouteResources,
} from './records.ts';

type Changed<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Where a route is made: as a gateway's role, with its tags. */
export interface RouteSite extends Maker {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly gateway: GatewayRecord;
  readonly loadBalancer: GatewayLoadBalancerRecord;
  readonly route: GatewayRouteRecord;
  readonly service: ServiceRecord;
  /** Writes down what there is of the route now; what is undefined is gone. */
  readonly note: (made: Changed<GatewayRouteResources>) => Promise<void>;
  /** The same of its load balancer. */
  readonly noteLoadBalancer: (made: Partial<GatewayLoadBalancerRecord['made']>) => Promise<void>;
}

/** @throws {Refusal} AccessDeniedException ECS can't take the role. */
export function gatewayMaker(ecs: EcsContext, scope: Scope, gateway: GatewayRecord): Maker {
  const ask: Infrastructure = ecs.infrastructure.assumeRole({
    ...{ scope, roleArn: gateway.infrastructureRoleArn, sourceArn: gatewayArn(scope, gateway.name) },
  });
  const own = gateway.propagateTags === 'GATEWAY' ? gateway.tags : [];
  const propagated = own
    .filter(({ key }) => managedTags.every(({ Key }) => Key !== key))
    .map(({ key = '', value = '' }) => ({ Key: key, Value: value }));
  return { ask, tags: [...managedTags, ...propagated] };
}
