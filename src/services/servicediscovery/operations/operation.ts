import type {
  GetOperationCommandInput,
  GetOperationResponse,
  ListOperationsCommandInput,
  ListOperationsResponse,
} from '@aws-sdk/client-servicediscovery';
import type { Call } from '../../service.ts';
import type { CloudMapContext } from '../context.ts';
import { operationNotFound } from '../errors.ts';
import { constraints, filtered, pageOf, refuseOtherOwner } from '../input.ts';
import { namespaceOf, operationKey, operations, scopeText, targetsOf } from '../records.ts';

export function getOperation(
  { state }: CloudMapContext,
  { OperationId = '', OwnerAccount }: GetOperationCommandInput,
  call: Call,
): GetOperationResponse {
  constraints().text('operationId', OperationId, { maxLength: 255 }).throwIfViolated();
  refuseOtherOwner(call, OwnerAccount);
  const operation = /^[0-9a-z-]+$/.test(OperationId)
    ? state.get(operations, operationKey(call, OperationId))
    : undefined;
  if (operation === undefined) throw operationNotFound(OperationId);
  const { id, work, status, error, createdAt, updatedAt } = operation;
  return {
    Operation: {
      ...{ Id: id, OwnerAccount: call.accountId, Type: work.type, Status: status },
      ...(error && { ErrorMessage: error.message, ErrorCode: error.code }),
      ...{ CreateDate: new Date(createdAt), UpdateDate: new Date(updatedAt), Targets: targetsOf(work) },
    },
  };
}

/** The earliest first. */
export function listOperations(
  { state }: CloudMapContext,
  input: ListOperationsCommandInput,
  call: Call,
): ListOperationsResponse {
  const all = state.byIndex(operations, 'scope', scopeText(call)).map(({ value }) => value);
  const found = filtered(all, input.Filters, {
    NAMESPACE_ID: { conditions: ['EQ'], valuesOf: ({ work }) => [namespaceOf(work)] },
    SERVICE_ID: { conditions: ['EQ'], valuesOf: ({ work }) => [targetsOf(work).SERVICE ?? ''] },
    STATUS: { conditions: ['EQ', 'IN'], valuesOf: ({ status }) => [status] },
    TYPE: { conditions: ['EQ', 'IN'], valuesOf: ({ work }) => [work.type] },
    UPDATE_DATE: { conditions: ['BETWEEN'], valuesOf: ({ updatedAt }) => [String(updatedAt / 1000)] },
  });
  const order = ({ createdAt, id }: { createdAt: number; id: string }): string =>
    `${String(createdAt).padStart(16, '0')} ${id}`;
  const { items, next } = pageOf(found, order, input);
  return { Operations: items.map(({ id, status }) => ({ Id: id, Status: status })), ...next };
}
