import type {
  DeleteServiceCommandInput,
  GetServiceCommandInput,
  GetServiceResponse,
  ListServicesCommandInput,
  ListServicesResponse,
  UpdateServiceCommandInput,
  UpdateServiceResponse,
} from '@aws-sdk/client-servicediscovery';
import type { Call } from '../../service.ts';
import { arnOf } from '../arn.ts';
import { type CloudMapContext, requireNamespace, requireService } from '../context.ts';
import { invalidInput, resourceInUse, unsupported } from '../errors.ts';
import { checkId, checkTtl, constraints, filtered, pageOf } from '../input.ts';
import {
  instances,
  namespaceKey,
  namespaces,
  operations,
  recordTypes,
  type ServiceDnsRecord,
  type ServiceRecord,
  scopeText,
  serviceKey,
  services,
  underWay,
} from '../records.ts';
import { refuseWhileUnderWay, submit } from '../submit.ts';
import { serviceOf } from './service-view.ts';

export function getService(
  { state }: CloudMapContext,
  { Id }: GetServiceCommandInput,
  call: Call,
): GetServiceResponse {
  checkId('id', Id);
  return { Service: serviceOf(state, call, requireService(state, call, Id ?? '')) };
}

export function listServices(
  { state }: CloudMapContext,
  input: ListServicesCommandInput,
  call: Call,
): ListServicesResponse {
  const all = state.byIndex(services, 'scope', scopeText(call)).map(({ value }) => value);
  const found = filtered(all, input.Filters, {
    NAMESPACE_ID: {
      conditions: ['EQ'],
      valuesOf: ({ namespaceId }) => [namespaceId, arnOf(call, 'namespace', namespaceId)],
    },
    RESOURCE_OWNER: { conditions: ['EQ'], valuesOf: () => ['SELF'] },
  });
  const { items, next } = pageOf(found, ({ id }) => id, input);
  const summaries = items.map((service) => {
    const { CreatorRequestId: _, ...summary } = serviceOf(state, call, service);
    return summary;
  });
  return { Services: summaries, ...next };
}

export async function updateService(
  { state, random }: CloudMapContext,
  { Id, Service }: UpdateServiceCommandInput,
  call: Call,
): Promise<UpdateServiceResponse> {
  checkId('id', Id);
  const { Description, DnsConfig, HealthCheckConfig } = Service ?? {};
  const checked = constraints().text('service.description', Description, { maxLength: 1024 });
  for (const [index, { Type, TTL }] of (DnsConfig?.DnsRecords ?? []).entries()) {
    const path = `service.dnsConfig.dnsRecords.${index + 1}.member`;
    checked.text(`${path}.type`, Type, { isRequired: true, oneOf: recordTypes });
    checkTtl(checked, `${path}.tTL`, TTL);
  }
  checked.throwIfViolated();
  if (HealthCheckConfig !== undefined) throw unsupported('Health checks by Route 53 (HealthCheckConfig) are');
  return state.transact((tx) => {
    const service = requireService(tx, call, Id ?? '');
    if (requireNamespace(tx, call, service.namespaceId).type === 'HTTP') {
      throw invalidInput('Services of HTTP namespaces can not be updated.');
    }
    refuseWhileUnderWay(tx, underWay.onService(service.id));
    return submit(tx, call, random, {
      ...{ type: 'UPDATE_SERVICE', namespaceId: service.namespaceId, serviceId: service.id },
      ...(Description === undefined ? {} : { description: Description }),
      records: changedRecords(service, DnsConfig?.DnsRecords ?? []),
    });
  });
}

/** Records keep their types: TTLs change, and those that the request leaves out go (UpdateService). */
function changedRecords(
  { dns }: ServiceRecord,
  asked: readonly { readonly Type: string | undefined; readonly TTL: number | undefined }[],
): ServiceDnsRecord['records'] {
  const unknown = asked.find(({ Type }) => !dns?.records.some(({ type }) => type === Type));
  if (unknown !== undefined) {
    throw invalidInput(`The service has no record of type ${unknown.Type}, and types can not be changed.`);
  }
  return (dns?.records ?? []).flatMap(({ type }) => {
    const change = asked.find(({ Type }) => Type === type);
    return change === undefined ? [] : [{ type, ttl: change.TTL ?? 0 }];
  });
}

export async function deleteService(
  { state }: CloudMapContext,
  { Id }: DeleteServiceCommandInput,
  call: Call,
): Promise<object> {
  checkId('id', Id);
  await state.transact((tx) => {
    const service = requireService(tx, call, Id ?? '');
    if (tx.countByIndex(instances, 'service', service.id) > 0) {
      throw resourceInUse(
        'Service contains registered instances; delete the instances before deleting the service',
      );
    }
    // What is being registered counts as registered.
    if (tx.countByIndex(operations, 'underWay', underWay.inService(service.id)) > 0) {
      throw resourceInUse(
        'Operations of the service are in progress; delete the service when they have ended',
      );
    }
    const namespace = requireNamespace(tx, call, service.namespaceId);
    tx.delete(services, serviceKey(call, service.id));
    tx.put(namespaces, namespaceKey(call, namespace.id), {
      ...namespace,
      serviceCount: namespace.serviceCount - 1,
    });
  });
  return {};
}
