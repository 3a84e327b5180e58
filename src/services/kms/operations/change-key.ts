import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { permitOnKey } from '../permission.ts';
import { type KeyRecord, keyOfRecord, keys } from '../records.ts';

interface Asked {
  readonly KeyId: string;
  readonly action: string;
}

/** Changes a key, for whom its policy and his own allow the action. @throws {Refusal} */
export async function changed(
  context: KmsContext,
  call: Call,
  { KeyId, action }: Asked,
  made: (record: KeyRecord, tx: Transaction) => KeyRecord,
): Promise<KeyRecord> {
  permitOnKey(context, call, action, requireKey(context.state, call, KeyId));
  return context.state.transact((tx) => {
    const record = requireKey(tx, call, KeyId);
    const after = made(record, tx);
    tx.put(keys, keyOfRecord(record), after);
    return after;
  });
}
