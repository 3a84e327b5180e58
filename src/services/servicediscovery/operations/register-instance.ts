import type {
  DeregisterInstanceCommandInput,
  DeregisterInstanceResponse,
  RegisterInstanceCommandInput,
  RegisterInstanceResponse,
} from '@aws-sdk/client-servicediscovery';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type CloudMapContext, requireService } from '../context.ts';
import { instanceNotFound, invalidInput, limitExceeded } from '../errors.ts';
import { checkAttributes, constraints, idConstraint, instanceIdConstraint } from '../input.ts';
import { checkInstance, initialHealth } from '../instance-attributes.ts';
import {
  type InstanceRecord,
  instanceKey,
  instances,
  operations,
  type ServiceRecord,
  underWay,
} from '../records.ts';
import { refuseWhileUnderWay, submit } from '../submit.ts';

export const maxInstancesOfService = 1_000;
export const maxInstancesOfNamespace = 2_000;

/** Registers an instance, or anew one that is registered. */
export async function registerInstance(
  { state, random }: CloudMapContext,
  input: RegisterInstanceCommandInput,
  call: Call,
): Promise<RegisterInstanceResponse> {
  const { ServiceId, InstanceId, Attributes = {}, CreatorRequestId } = input;
  checkNames(input);
  constraints().text('creatorRequestId', CreatorRequestId, { maxLength: 64 }).throwIfViolated();
  checkAttributes('attributes', Attributes);
  const creatorRequestId = CreatorRequestId ?? uuid(random);
  return state.transact((tx) => {
    const service = requireService(tx, call, ServiceId ?? '');
    const instance: InstanceRecord = {
      ...{ id: InstanceId ?? '', serviceId: service.id, namespaceId: service.namespaceId },
      attributes: Attributes,
      health: initialHealth(Attributes),
      ...{ creatorRequestId, createdBy: call.accountId },
    };
    const wrong = checkInstance(service, instance.id, Attributes);
    if (wrong !== undefined) throw invalidInput(wrong);
    refuseWhileUnderWay(tx, underWay.onInstance(service.id, instance.id));
    refuseMoreInstances(tx, call, service, instance.id);
    return submit(tx, call, random, { type: 'REGISTER_INSTANCE', instance });
  });
}

/** Those that are being registered count, too. */
function refuseMoreInstances(tx: Transaction, call: Call, service: ServiceRecord, instanceId: string): void {
  if (tx.get(instances, instanceKey(call, service.id, instanceId)) !== undefined) return;
  const quotas = [
    { index: 'service', of: service.id, coming: underWay.inService(service.id), max: maxInstancesOfService },
    {
      index: 'namespace',
      of: service.namespaceId,
      coming: underWay.inNamespace(service.namespaceId),
      max: maxInstancesOfNamespace,
    },
  ] as const;
  for (const { index, of, coming, max } of quotas) {
    const count = tx.countByIndex(instances, index, of) + tx.countByIndex(operations, 'underWay', coming);
    if (count >= max) throw limitExceeded(`There can be at most ${max} instances in a ${index}.`);
  }
}

export async function deregisterInstance(
  { state, random }: CloudMapContext,
  input: DeregisterInstanceCommandInput,
  call: Call,
): Promise<DeregisterInstanceResponse> {
  checkNames(input);
  const { ServiceId = '', InstanceId = '' } = input;
  return state.transact((tx) => {
    const service = requireService(tx, call, ServiceId);
    refuseWhileUnderWay(tx, underWay.onInstance(service.id, InstanceId));
    if (tx.get(instances, instanceKey(call, service.id, InstanceId)) === undefined)
      throw instanceNotFound(InstanceId);
    return submit(tx, call, random, {
      ...{ type: 'DEREGISTER_INSTANCE', namespaceId: service.namespaceId },
      ...{ serviceId: service.id, instanceId: InstanceId },
    });
  });
}

/** @throws InvalidInput */
export function checkNames(input: {
  readonly ServiceId: string | undefined;
  readonly InstanceId: string | undefined;
}): void {
  constraints()
    .text('serviceId', input.ServiceId, idConstraint)
    .text('instanceId', input.InstanceId, instanceIdConstraint)
    .throwIfViolated();
}
