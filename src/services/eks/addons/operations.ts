import type { CreateAddonCommandInput, EKS, UpdateAddonCommandInput } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { type Asks, authorizationOf, passRoles } from '../../authorization-row.ts';
import type { Call, OperationsOf } from '../../service.ts';
import { addonArn } from '../arn.ts';
import { arnOfNamed, eksAuthorization, inCluster, onThing, requestTags } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { createAddon, deleteAddon, describeAddon, listAddons } from './addon.ts';
import { describeAddonConfiguration, describeAddonVersions } from './offered.ts';
import { addonKey, addons } from './record.ts';
import { updateAddon } from './update-addon.ts';

interface OnAddon {
  readonly clusterName?: string | undefined;
  readonly addonName?: string | undefined;
}

const arnOf =
  (reader: Reader) =>
  ({ clusterName, addonName: name }: OnAddon, call: Call): string =>
    arnOfNamed(
      { clusterName, name },
      (...names) => reader.get(addons, addonKey(call, ...names))?.id,
      (named) => addonArn(call, named),
    );

const passesRoles: Asks<CreateAddonCommandInput | UpdateAddonCommandInput> = (
  { podIdentityAssociations = [] },
  call,
) =>
  passRoles(
    podIdentityAssociations.map(({ roleArn }) => roleArn),
    'pods.eks.amazonaws.com',
    call,
  );

export function addonOperations(context: EksContext) {
  const { state } = context;
  const { everything, inCluster: ofCluster } = eksAuthorization(state);
  const addon = authorizationOf<OnAddon>(onThing(state, arnOf(state)));
  return {
    CreateAddon: {
      action: 'eks:CreateAddon',
      ...authorizationOf<CreateAddonCommandInput>({
        ...inCluster<CreateAddonCommandInput>(state, requestTags),
        asks: [passesRoles],
      }),
      run: (input, call) => createAddon(context, input, call),
    },
    DeleteAddon: {
      action: 'eks:DeleteAddon',
      ...addon,
      run: (input, call) => deleteAddon(context, input, call),
    },
    DescribeAddon: {
      action: 'eks:DescribeAddon',
      ...addon,
      run: (input, call) => describeAddon(context, input, call),
    },
    DescribeAddonConfiguration: {
      action: 'eks:DescribeAddonConfiguration',
      ...everything,
      run: (input) => describeAddonConfiguration(input),
    },
    DescribeAddonVersions: {
      action: 'eks:DescribeAddonVersions',
      ...everything,
      run: (input) => describeAddonVersions(input),
    },
    ListAddons: {
      action: 'eks:ListAddons',
      ...ofCluster,
      run: (input, call) => listAddons(context, input, call),
    },
    UpdateAddon: {
      action: 'eks:UpdateAddon',
      ...authorizationOf<UpdateAddonCommandInput>({
        ...onThing(state, arnOf(state)),
        asks: [passesRoles],
      }),
      run: (input, call) => updateAddon(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
