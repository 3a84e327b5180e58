import type { GetInstanceProfileCommandInput, GetInstanceProfileResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { findInstanceProfile } from './profile-lookup.ts';
import { instanceProfileView } from './profile-view.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getInstanceProfile(
  { state }: IamContext,
  { InstanceProfileName }: GetInstanceProfileCommandInput,
  { accountId }: Call,
): GetInstanceProfileResponse {
  checkName(
    new Constraints(),
    'instanceProfileName',
    'instance-profile',
    InstanceProfileName,
  ).throwIfViolated();
  const profile = findInstanceProfile(state, accountId, InstanceProfileName ?? '');
  return { InstanceProfile: instanceProfileView(state, accountId, profile) };
}
