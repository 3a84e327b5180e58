import {
  again,
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { CloudMapContext } from '../context.ts';
import { putInstance, removeInstance } from '../instances.ts';
import {
  type NamespaceRecord,
  namespaceKey,
  namespaces,
  type OperationRecord,
  operations,
  scopeOfKey,
  serviceKey,
  services,
  takenName,
  type Work,
} from '../records.ts';

/** An operation that has ended is told of for so long. */
const keptMs = 24 * 60 * 60 * 1000;

/** Does what an operation was submitted for, in one transaction with saying so, and forgets it a day later. */
export function operationProgress({ state, clock, hasVpc }: CloudMapContext): Reconciler {
  return {
    name: 'cloud-map-operations',
    watches: [watching<OperationRecord>(operations, ({ key }) => [key])],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const operation = state.get(operations, key);
      if (operation === undefined) return done;
      if (operation.status === 'SUBMITTED') {
        await state.transact((tx) => carryOut(tx, key, hasVpc, clock.now()));
        return again(keptMs);
      }
      const leftMs = operation.updatedAt + keptMs - clock.now();
      if (leftMs > 0) return again(leftMs);
      await state.transact((tx) => tx.delete(operations, key));
      return done;
    },
  };
}

type Failure = NonNullable<OperationRecord['error']>;

function carryOut(tx: Transaction, key: RecordKey, hasVpc: CloudMapContext['hasVpc'], now: number): void {
  const operation = tx.get(operations, key);
  if (operation?.status !== 'SUBMITTED') return;
  const error = carryOutWork(tx, scopeOfKey(key), operation.work, hasVpc);
  const ended = error === undefined ? ({ status: 'SUCCESS' } as const) : ({ status: 'FAIL', error } as const);
  tx.put(operations, key, { ...operation, ...ended, updatedAt: now });
}

/** @returns why it can't be done: things may have changed since it was submitted. */
function carryOutWork(
  tx: Transaction,
  scope: Scope,
  work: Work,
  hasVpc: CloudMapContext['hasVpc'],
): Failure | undefined {
  switch (work.type) {
    case 'CREATE_NAMESPACE':
      return create(tx, scope, work.namespace, hasVpc);
    case 'UPDATE_NAMESPACE': {
      const namespace = tx.get(namespaces, namespaceKey(scope, work.namespaceId));
      if (namespace === undefined) return gone(`namespace ${work.namespaceId}`);
      const { description = namespace.description, soaTtl } = work;
      tx.put(namespaces, namespaceKey(scope, namespace.id), {
        ...namespace,
        ...(description === undefined ? {} : { description }),
        ...(namespace.zone && soaTtl !== undefined && { zone: { ...namespace.zone, soaTtl } }),
      });
      return undefined;
    }
    case 'DELETE_NAMESPACE': {
      const namespace = tx.get(namespaces, namespaceKey(scope, work.namespaceId));
      if (namespace !== undefined && namespace.serviceCount > 0) {
        return { code: 'INTERNAL_FAILURE', message: 'The namespace has got services meanwhile.' };
      }
      tx.delete(namespaces, namespaceKey(scope, work.namespaceId));
      return undefined;
    }
    case 'UPDATE_SERVICE': {
      const service = tx.get(services, serviceKey(scope, work.serviceId));
      if (service === undefined) return gone(`service ${work.serviceId}`);
      const { dns, ...rest } = service;
      const { description = service.description, records } = work;
      tx.put(services, serviceKey(scope, service.id), {
        ...rest,
        ...(description === undefined ? {} : { description }),
        ...(dns && records.length > 0 && { dns: { ...dns, records } }),
      });
      return undefined;
    }
    case 'REGISTER_INSTANCE':
      return putInstance(tx, scope, work.instance) ? undefined : gone(`service ${work.instance.serviceId}`);
    case 'DEREGISTER_INSTANCE':
      removeInstance(tx, scope, work.serviceId, work.instanceId);
      return undefined;
  }
}

function create(
  tx: Transaction,
  scope: Scope,
  namespace: NamespaceRecord,
  hasVpc: CloudMapContext['hasVpc'],
): Failure | undefined {
  const { zone } = namespace;
  if (zone !== undefined && !hasVpc(tx, scope, zone.vpcId)) {
    return {
      code: 'CANNOT_CREATE_HOSTED_ZONE',
      message: `The VPC: ${zone.vpcId} in region ${scope.region} that you provided does not exist.`,
    };
  }
  const taken = takenName(scope, namespace);
  for (const { value } of tx.byIndex(namespaces, 'scope', `${scope.accountId}/${scope.region}`)) {
    if (takenName(scope, value) !== taken) continue;
    return { code: 'CANNOT_CREATE_HOSTED_ZONE', message: `There is a namespace of this name: ${value.id}.` };
  }
  tx.put(namespaces, namespaceKey(scope, namespace.id), namespace);
  return undefined;
}

const gone = (what: string): Failure => ({ code: 'HOSTED_ZONE_NOT_FOUND', message: `The ${what} is gone.` });
