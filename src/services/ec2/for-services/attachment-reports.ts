import type { Reader, RecordKey, State } from '../../../reconcile/index.ts';
import { idOfKey } from '../kinds.ts';
import { type NetworkInterfaceRecord, networkInterfaces } from '../records.ts';

/**
 * The machine of the control plane has made a VPC so as it was last described: what is attached to its instances there is
 * attached now, and what was being detached is not.
 * @param vpcKey Of the VPC's record.
 * @param isThere Whether an interface is on the machine.
 */
export async function noteAttachments(
  state: State,
  vpcKey: string,
  isThere: (interfaceId: string) => boolean,
): Promise<void> {
  if (changes(state, vpcKey, isThere).length === 0) return;
  await state.transact((tx) => {
    for (const { key } of changes(tx, vpcKey, isThere)) {
      const before = tx.get(networkInterfaces, key);
      const after = before && afterLook(before, isThere);
      if (after !== undefined && after !== before) tx.put(networkInterfaces, key, after);
    }
  });
}

function changes(
  reader: Reader,
  vpcKey: string,
  isThere: (interfaceId: string) => boolean,
): readonly { readonly key: RecordKey }[] {
  return reader
    .byIndex(networkInterfaces, 'vpc', idOfKey(vpcKey as RecordKey))
    .filter(({ value }) => afterLook(value, isThere) !== value);
}

function afterLook(
  record: NetworkInterfaceRecord,
  isThere: (interfaceId: string) => boolean,
): NetworkInterfaceRecord {
  const { attachment, ...rest } = record;
  if (attachment?.instanceId === undefined || attachment.machineId !== undefined) return record;
  if (attachment.status === 'attaching' && isThere(record.id))
    return { ...rest, attachment: { ...attachment, status: 'attached' } };
  return attachment.status === 'detaching' && !isThere(record.id) ? rest : record;
}
