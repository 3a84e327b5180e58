import type {
  DeleteServiceAttributesCommandInput,
  GetServiceAttributesCommandInput,
  GetServiceAttributesResponse,
  UpdateServiceAttributesCommandInput,
} from '@aws-sdk/client-servicediscovery';
import type { Call } from '../../service.ts';
import { arnOf } from '../arn.ts';
import { type CloudMapContext, requireService } from '../context.ts';
import { attributesLimitExceeded, invalidInput } from '../errors.ts';
import { checkAttributes, checkId, excessOf } from '../input.ts';
import { serviceKey, services } from '../records.ts';

export function getServiceAttributes(
  { state }: CloudMapContext,
  { ServiceId }: GetServiceAttributesCommandInput,
  call: Call,
): GetServiceAttributesResponse {
  checkId('serviceId', ServiceId);
  const { id, attributes } = requireService(state, call, ServiceId ?? '');
  return {
    ServiceAttributes: {
      ServiceArn: arnOf(call, 'service', id),
      ResourceOwner: call.accountId,
      Attributes: { ...attributes },
    },
  };
}

/** Those named change or come, the others stay. */
export async function updateServiceAttributes(
  { state }: CloudMapContext,
  { ServiceId, Attributes = {} }: UpdateServiceAttributesCommandInput,
  call: Call,
): Promise<object> {
  checkId('serviceId', ServiceId);
  checkAttributes('attributes', Attributes);
  if (Object.keys(Attributes).length === 0)
    throw invalidInput('Attributes must name at least one attribute.');
  await state.transact((tx) => {
    const service = requireService(tx, call, ServiceId ?? '');
    const attributes = { ...service.attributes, ...Attributes };
    const excess = excessOf(attributes, Object.keys(attributes));
    if (excess !== undefined) throw attributesLimitExceeded(excess);
    tx.put(services, serviceKey(call, service.id), { ...service, attributes });
  });
  return {};
}

export async function deleteServiceAttributes(
  { state }: CloudMapContext,
  { ServiceId, Attributes = [] }: DeleteServiceAttributesCommandInput,
  call: Call,
): Promise<object> {
  checkId('serviceId', ServiceId);
  await state.transact((tx) => {
    const service = requireService(tx, call, ServiceId ?? '');
    const kept = Object.entries(service.attributes).filter(([key]) => !Attributes.includes(key));
    tx.put(services, serviceKey(call, service.id), { ...service, attributes: Object.fromEntries(kept) });
  });
  return {};
}
