import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf, RefusedOperation } from '../../service.ts';

type OperationName = keyof OperationsOf<EC2>;

/** Entries of operations that are not built, with the one reason that they share. */
export function refusedBecause<const Name extends OperationName>(
  reason: string,
  names: readonly Name[],
): { readonly [Each in Name]: RefusedOperation } {
  const entries: { [Each in OperationName]?: RefusedOperation } = {};
  for (const name of names) {
    entries[name] = { refused: `${name} is not supported by this version of Catamaran yet: ${reason}.` };
  }
  // Each of the names has just been given its entry.
  return entries as { readonly [Each in Name]: RefusedOperation };
}
