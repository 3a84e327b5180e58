import type { Reader } from '../../../reconcile/index.ts';
import { accounts } from '../records.ts';

/** When an account, and its root user with it, was made. Undefined: it is the first one, of which that is not kept. */
export function accountCreatedAt(reader: Reader, accountId: string): number | undefined {
  return [...reader.list(accounts)].find(({ value }) => value.accountId === accountId)?.value.createdAt;
}
