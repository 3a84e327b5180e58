import type { CreateInstanceProfileCommandInput, IAM } from '@aws-sdk/client-iam';
import type { Call, OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import { alsoTags, entityTagKeys, requestTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { instanceProfiles } from '../records.ts';
import { namedResource } from '../resources.ts';
import { tagEntries } from '../tag-entries.ts';
import { createInstanceProfile } from './create-instance-profile.ts';
import { deleteInstanceProfile } from './delete-instance-profile.ts';
import { getInstanceProfile } from './get-instance-profile.ts';
import { listInstanceProfiles, listInstanceProfilesForRole } from './list-instance-profiles.ts';
import { findInstanceProfile } from './profile-lookup.ts';
import { addRoleToInstanceProfile, removeRoleFromInstanceProfile } from './role-in-profile.ts';

type InstanceProfileOperation =
  | 'AddRoleToInstanceProfile'
  | 'CreateInstanceProfile'
  | 'DeleteInstanceProfile'
  | 'GetInstanceProfile'
  | 'ListInstanceProfileTags'
  | 'ListInstanceProfiles'
  | 'ListInstanceProfilesForRole'
  | 'RemoveRoleFromInstanceProfile'
  | 'TagInstanceProfile'
  | 'UntagInstanceProfile';

interface Named {
  readonly InstanceProfileName?: string | undefined;
}

/** The operations on instance profiles: how a role comes to a machine. */
export function instanceProfileOperations(
  iam: IamContext,
): Pick<OperationsOf<IAM>, InstanceProfileOperation> {
  const { state } = iam;
  const profile = namedResource(state, 'instance-profile');
  const role = namedResource(state, 'role').named<{ readonly RoleName?: string | undefined }>(
    (input) => input.RoleName,
  );
  const nameIn = (input: Named) => input.InstanceProfileName;
  const made = profile.made<CreateInstanceProfileCommandInput>((input) => [
    input.InstanceProfileName,
    input.Path,
  ]);
  /** Of an operation on a profile that is there. */
  const onProfile = {
    resources: profile.named(nameIn),
    conditions: (_input: Named, _call: Call, resource: string) => entityTagKeys(state, resource),
  };
  const tags = tagEntries(iam, {
    ...{ type: 'instance-profile', noun: 'InstanceProfile', member: 'instanceProfileName', nameIn },
    ...{ collection: instanceProfiles, find: findInstanceProfile },
  });
  return {
    CreateInstanceProfile: {
      action: 'iam:CreateInstanceProfile',
      resources: made,
      conditions: (input) => requestTagKeys(input.Tags),
      alsoAsks: (input, call) => alsoTags('iam:TagInstanceProfile', made(input, call), input.Tags),
      run: (input, call) => createInstanceProfile(iam, input, call),
    },
    GetInstanceProfile: {
      action: 'iam:GetInstanceProfile',
      ...onProfile,
      run: (input, call) => getInstanceProfile(iam, input, call),
    },
    ListInstanceProfiles: {
      action: 'iam:ListInstanceProfiles',
      resources: (_input, call) => [entityArn(call.accountId, 'instance-profile', '/', '')],
      run: (input, call) => listInstanceProfiles(iam, input, call),
    },
    ListInstanceProfilesForRole: {
      action: 'iam:ListInstanceProfilesForRole',
      resources: role,
      conditions: (_input, _call, resource) => entityTagKeys(state, resource),
      run: (input, call) => listInstanceProfilesForRole(iam, input, call),
    },
    DeleteInstanceProfile: {
      action: 'iam:DeleteInstanceProfile',
      ...onProfile,
      run: (input, call) => deleteInstanceProfile(iam, input, call),
    },
    AddRoleToInstanceProfile: {
      action: 'iam:AddRoleToInstanceProfile',
      ...onProfile,
      alsoAsks: (input, call) =>
        role(input, call).map((resource) => ({
          action: 'iam:PassRole',
          resource,
          conditions: { ...entityTagKeys(state, resource), 'iam:PassedToService': 'ec2.amazonaws.com' },
        })),
      run: (input, call) => addRoleToInstanceProfile(iam, input, call),
    },
    RemoveRoleFromInstanceProfile: {
      action: 'iam:RemoveRoleFromInstanceProfile',
      ...onProfile,
      run: (input, call) => removeRoleFromInstanceProfile(iam, input, call),
    },
    TagInstanceProfile: tags.tag,
    UntagInstanceProfile: tags.untag,
    ListInstanceProfileTags: tags.list,
  };
}
