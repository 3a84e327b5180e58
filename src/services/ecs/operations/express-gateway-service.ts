import type {
  DeleteExpressGatewayServiceCommandInput,
  DeleteExpressGatewayServiceResponse,
  DescribeExpressGatewayServiceCommandInput,
  DescribeExpressGatewayServiceResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal } from '../errors.ts';
import { clusterOfExpress, findExpressService, requireExpressService } from '../express/express-lookup.ts';
import { expressServiceView } from '../express/express-view.ts';
import { type ExpressServiceRecord, expressServiceKey, expressServices } from '../express/records.ts';
import { readInclude } from '../include.ts';
import { type ServiceRecord, services } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';

export { createExpressGatewayService } from './create-express-gateway-service.ts';
export { updateExpressGatewayService } from './update-express-gateway-service.ts';

/** Also one that is being deleted or was lately. @throws ResourceNotFoundException */
export function describeExpressGatewayService(
  ecs: EcsContext,
  { serviceArn, include }: DescribeExpressGatewayServiceCommandInput,
  call: Call,
): DescribeExpressGatewayServiceResponse {
  const withTags = readInclude(include, ['TAGS']).has('TAGS');
  const found = findExpressService(ecs.state, call, serviceArn);
  if (found === undefined) throw ecsRefusal('ResourceNotFoundException', 'Resource not found.');
  return { service: expressServiceView(ecs.state, call, found.express, found.service, { withTags }) };
}

/** Ends the service; what it stood on goes when its tasks have stopped. */
export async function deleteExpressGatewayService(
  ecs: EcsContext,
  { serviceArn }: DeleteExpressGatewayServiceCommandInput,
  call: Call,
): Promise<DeleteExpressGatewayServiceResponse> {
  return transactInTurn(ecs, call, clusterOfExpress(serviceArn), (tx) => {
    const { express, service } = requireExpressService(tx, call, serviceArn);
    const { steadyAt: _steadyAt, awaitsInfrastructure: _awaits, ...rest } = service;
    const draining: ServiceRecord = { ...rest, status: 'DRAINING', desiredCount: 0 };
    const ending: ExpressServiceRecord = { ...express, isEnding: true, updatedAt: call.now };
    tx.put(services, serviceKey(call, express.cluster, express.name), draining);
    tx.put(expressServices, expressServiceKey(call, express.cluster, express.name), ending);
    return { service: expressServiceView(tx, call, ending, draining, { withTags: true }) };
  });
}
