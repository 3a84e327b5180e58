import type { Random } from '../../clock/index.ts';
import type { Transaction } from '../../reconcile/index.ts';
import type { Call } from '../service.ts';
import { newOperationId } from './arn.ts';
import { duplicateRequest, limitExceeded } from './errors.ts';
import { namespaceOf, operationKey, operations, underWay, type Work } from './records.ts';

/** More would only wait; whoever asks for so much waits himself. */
const maxUnderWayInNamespace = 5_000;

/** Writes down what is to be done; `reconcilers/operation-progress.ts` does it. Answers with the operation's id. */
export function submit(
  tx: Transaction,
  call: Call,
  random: Random,
  work: Work,
): { readonly OperationId: string } {
  if (
    tx.countByIndex(operations, 'underWay', underWay.inNamespace(namespaceOf(work))) >= maxUnderWayInNamespace
  ) {
    throw limitExceeded(`More than ${maxUnderWayInNamespace} operations of the namespace are in progress.`);
  }
  const id = newOperationId(random);
  const record = { id, status: 'SUBMITTED', work, createdAt: call.now, updatedAt: call.now } as const;
  tx.put(operations, operationKey(call, id), record);
  return { OperationId: id };
}

/**
 * @param subject One of `underWay`.
 * @throws DuplicateRequest One is under way that the new one would cross.
 */
export function refuseWhileUnderWay(tx: Transaction, subject: string): void {
  const [first] = tx.byIndex(operations, 'underWay', subject);
  if (first !== undefined) throw duplicateRequest(first.value.id);
}
