import type { CreateFargateProfileCommandInput, EKS } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { type Asks, authorizationOf, passRoles } from '../../authorization-row.ts';
import type { Call, OperationsOf } from '../../service.ts';
import { fargateProfileArn } from '../arn.ts';
import { arnOfNamed, eksAuthorization, inCluster, onThing, requestTags } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { podsService } from './input.ts';
import {
  createFargateProfile,
  deleteFargateProfile,
  describeFargateProfile,
  listFargateProfiles,
} from './profile.ts';
import { fargateProfileKey, fargateProfiles } from './record.ts';

interface OnProfile {
  readonly clusterName?: string | undefined;
  readonly fargateProfileName?: string | undefined;
}

const arnOf =
  (reader: Reader) =>
  ({ clusterName, fargateProfileName: name }: OnProfile, call: Call): string =>
    arnOfNamed(
      { clusterName, name },
      (...names) => reader.get(fargateProfiles, fargateProfileKey(call, ...names))?.id,
      (named) => fargateProfileArn(call, named),
    );

const passesRole: Asks<{ readonly podExecutionRoleArn?: string | undefined }> = (
  { podExecutionRoleArn },
  call,
) => passRoles([podExecutionRoleArn], podsService, call);

export function fargateOperations(context: EksContext) {
  const { state } = context;
  const { inCluster: ofCluster } = eksAuthorization(state);
  const profile = authorizationOf<OnProfile>(onThing(state, arnOf(state)));
  return {
    CreateFargateProfile: {
      action: 'eks:CreateFargateProfile',
      ...authorizationOf<CreateFargateProfileCommandInput>({
        ...inCluster<CreateFargateProfileCommandInput>(state, requestTags),
        asks: [passesRole],
      }),
      run: (input, call) => createFargateProfile(context, input, call),
    },
    DeleteFargateProfile: {
      action: 'eks:DeleteFargateProfile',
      ...profile,
      run: (input, call) => deleteFargateProfile(context, input, call),
    },
    DescribeFargateProfile: {
      action: 'eks:DescribeFargateProfile',
      ...profile,
      run: (input, call) => describeFargateProfile(context, input, call),
    },
    ListFargateProfiles: {
      action: 'eks:ListFargateProfiles',
      ...ofCluster,
      run: (input, call) => listFargateProfiles(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
