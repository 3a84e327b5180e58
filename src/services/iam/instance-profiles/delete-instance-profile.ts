import type { DeleteInstanceProfileCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { mustFirst } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, instanceProfiles } from '../records.ts';
import { findInstanceProfile } from './profile-lookup.ts';

/** @throws {Refusal} NoSuchEntity, DeleteConflict, ValidationError. */
export async function deleteInstanceProfile(
  { state }: IamContext,
  { InstanceProfileName: name = '' }: DeleteInstanceProfileCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'instanceProfileName', 'instance-profile', name).throwIfViolated();
  await state.transact((tx) => {
    const { role } = findInstanceProfile(tx, accountId, name);
    if (role !== undefined) throw mustFirst('remove roles from instance profile');
    tx.delete(instanceProfiles, entityKey(instanceProfiles, accountId, name));
  });
  return {};
}
