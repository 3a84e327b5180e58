import type { CreateInstanceProfileCommandInput, CreateInstanceProfileResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, quotaExceeded } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { checkTags, withTags } from '../input/tags.ts';
import { entityKey, type InstanceProfileRecord, instanceProfiles, prefixOf } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { instanceProfileView } from './profile-view.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxInstanceProfiles = 1000;

/** @throws {Refusal} EntityAlreadyExists, InvalidInput, LimitExceeded, ValidationError. */
export async function createInstanceProfile(
  { state, random }: IamContext,
  { InstanceProfileName, Path = '/', Tags }: CreateInstanceProfileCommandInput,
  { accountId, now }: Call,
): Promise<CreateInstanceProfileResponse> {
  const constraints = new Constraints();
  checkName(constraints, 'instanceProfileName', 'instance-profile', InstanceProfileName);
  checkPath(constraints, 'path', Path);
  checkTags(constraints, Tags).throwIfViolated();
  const name = InstanceProfileName ?? '';
  const key = entityKey(instanceProfiles, accountId, name);
  const profile = await state.transact((tx) => {
    if (tx.get(instanceProfiles, key) !== undefined) {
      throw entityAlreadyExists(`Instance Profile ${name} already exists.`);
    }
    if ([...tx.list(instanceProfiles, prefixOf(instanceProfiles, accountId))].length >= maxInstanceProfiles) {
      throw quotaExceeded('InstanceProfilesPerAccount', maxInstanceProfiles);
    }
    const record: InstanceProfileRecord = {
      instanceProfileName: name,
      path: Path,
      id: entityId(random, 'AIPA'),
      createdAt: wholeSecond(now),
      tags: withTags({}, Tags),
    };
    tx.put(instanceProfiles, key, record);
    return record;
  });
  return { InstanceProfile: instanceProfileView(state, accountId, profile) };
}
