import type {
  GetInstanceCommandInput,
  GetInstanceResponse,
  GetInstancesHealthStatusCommandInput,
  GetInstancesHealthStatusResponse,
  ListInstancesCommandInput,
  ListInstancesResponse,
  UpdateInstanceCustomHealthStatusCommandInput,
} from '@aws-sdk/client-servicediscovery';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type CloudMapContext, requireService } from '../context.ts';
import { customHealthNotFound, instanceNotFound } from '../errors.ts';
import { healthOf, withAsked } from '../health.ts';
import { checkId, constraints, instanceIdConstraint, pageOf } from '../input.ts';
import { type InstanceRecord, instanceKey, instances } from '../records.ts';
import { checkNames } from './register-instance.ts';

export function getInstance(
  { state }: CloudMapContext,
  input: GetInstanceCommandInput,
  call: Call,
): GetInstanceResponse {
  checkNames(input);
  const service = requireService(state, call, input.ServiceId ?? '');
  const instance = requireInstance(state, call, service.id, input.InstanceId ?? '');
  return {
    ResourceOwner: call.accountId,
    Instance: {
      Id: instance.id,
      CreatorRequestId: instance.creatorRequestId,
      Attributes: { ...instance.attributes },
      CreatedByAccount: instance.createdBy,
    },
  };
}

export function listInstances(
  { state }: CloudMapContext,
  input: ListInstancesCommandInput,
  call: Call,
): ListInstancesResponse {
  checkId('serviceId', input.ServiceId);
  const service = requireService(state, call, input.ServiceId ?? '');
  const { items, next } = pageOf(instancesOf(state, service.id), ({ id }) => id, input);
  return {
    ResourceOwner: call.accountId,
    Instances: items.map(({ id, attributes, createdBy }) => ({
      Id: id,
      Attributes: { ...attributes },
      CreatedByAccount: createdBy,
    })),
    ...next,
  };
}

export function getInstancesHealthStatus(
  { state }: CloudMapContext,
  input: GetInstancesHealthStatusCommandInput,
  call: Call,
): GetInstancesHealthStatusResponse {
  checkId('serviceId', input.ServiceId);
  const checked = constraints().list('instances', input.Instances, { min: 1 });
  for (const id of input.Instances ?? []) checked.text('instances.member', id, instanceIdConstraint);
  checked.throwIfViolated();
  const service = requireService(state, call, input.ServiceId ?? '');
  const asked = input.Instances?.map((id) => requireInstance(state, call, service.id, id));
  const { items, next } = pageOf(asked ?? instancesOf(state, service.id), ({ id }) => id, input);
  return {
    Status: Object.fromEntries(items.map((instance) => [instance.id, healthOf(service, instance, call.now)])),
    ...next,
  };
}

export async function updateInstanceCustomHealthStatus(
  { state }: CloudMapContext,
  input: UpdateInstanceCustomHealthStatusCommandInput,
  call: Call,
): Promise<object> {
  checkNames(input);
  const { ServiceId = '', InstanceId = '', Status } = input;
  constraints()
    .text('status', Status, { isRequired: true, oneOf: ['HEALTHY', 'UNHEALTHY'] })
    .throwIfViolated();
  await state.transact((tx) => {
    const service = requireService(tx, call, ServiceId);
    const instance = requireInstance(tx, call, service.id, InstanceId);
    if (!service.hasCustomHealthCheck) throw customHealthNotFound(service.id);
    const health = withAsked(instance.health, Status === 'UNHEALTHY' ? 'UNHEALTHY' : 'HEALTHY', call.now);
    tx.put(instances, instanceKey(call, service.id, InstanceId), { ...instance, health });
  });
  return {};
}

export const instancesOf = (reader: Reader, serviceId: string): readonly InstanceRecord[] =>
  reader.byIndex(instances, 'service', serviceId).map(({ value }) => value);

/** @throws InstanceNotFound */
function requireInstance(reader: Reader, call: Call, serviceId: string, id: string): InstanceRecord {
  const instance = reader.get(instances, instanceKey(call, serviceId, id));
  if (instance === undefined) throw instanceNotFound(id);
  return instance;
}
