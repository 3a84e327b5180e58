import { isRecord } from './record.ts';
import { Refusal } from './refusal.ts';
import { missingMembers } from './required-members.ts';
import type { OperationModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import { type Reading, Unreadable } from './unreadable.ts';

/**
 * Runs a reader and turns what it finds wrong into the service's refusal.
 * @param refuseUnreadable in the words of the protocol.
 */
export function readInput(
  operation: OperationModel,
  rules: ServiceRules,
  refuseUnreadable: (problem: Unreadable) => Refusal,
  read: (reading: Reading) => unknown,
): Record<string, unknown> {
  const reading: Reading = { depth: 0, lacksRequired: false };
  const input = orRefuse(() => read(reading), refuseUnreadable);
  if (reading.lacksRequired) {
    throw rules.refuseMissing(missingMembers(operation.input, input), operation.name);
  }
  return isRecord(input) ? input : {};
}

export function orRefuse<Result>(
  read: () => Result,
  refuseUnreadable: (problem: Unreadable) => Refusal,
): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) throw refuseUnreadable(error);
    throw error;
  }
}

/** What the JSON protocols answer to a body that does not fit. */
export function serializationException(problem: Unreadable): Refusal {
  return new Refusal('SerializationException', problem.message, { status: 400, cause: problem });
}

/** Streams need a connection of their own kind; until they are built they are refused by name. */
export function refuseStreamed(operation: OperationModel, rules: ServiceRules): void {
  if (!operation.isStreamed) return;
  throw new Refusal(
    rules.notSupported.code,
    `${operation.name} streams its request or answer, which is not supported by this version of Catamaran yet.`,
    { status: rules.notSupported.status },
  );
}
