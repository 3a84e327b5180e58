import type { Reader } from '../../../reconcile/index.ts';
import { gatewayName, isForeign, isName, type Scope } from '../arn.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';
import { type GatewayRecord, gatewayKey, gateways } from './records.ts';

/**
 * @param identifier Its name or ARN.
 * @throws GatewayNotFoundException there is none, or it was deleted.
 */
export function requireGateway(reader: Reader, scope: Scope, identifier: string | undefined): GatewayRecord {
  if (!identifier) throw invalidParameter('gateway can not be blank.');
  const name = gatewayName(identifier);
  const isOwn = isName(name) && !isForeign(identifier, scope);
  const gateway = isOwn ? reader.get(gateways, gatewayKey(scope, name)) : undefined;
  if (gateway === undefined) throw ecsRefusal('GatewayNotFoundException', 'Gateway not found.');
  return gateway;
}
