import type {
  AssociateIdentityProviderConfigCommandInput,
  EKS,
  IdentityProviderConfig,
} from '@aws-sdk/client-eks';
import { authorizationOf, type Keys } from '../../authorization-row.ts';
import type { Call, OperationsOf } from '../../service.ts';
import { eksArn, identityProviderArn } from '../arn.ts';
import { eksAuthorization, inCluster, onThing, requestTags } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import {
  associateIdentityProviderConfig,
  describeIdentityProviderConfig,
  disassociateIdentityProviderConfig,
  listIdentityProviderConfigs,
} from './identity-provider.ts';
import { identityProviderKey, identityProviders } from './record.ts';

interface OnConfig {
  readonly clusterName?: string | undefined;
  readonly identityProviderConfig?: IdentityProviderConfig | undefined;
}

const associated: Keys<AssociateIdentityProviderConfigCommandInput> = ({ oidc }) => ({
  ...{ 'eks:clientId': oidc?.clientId, 'eks:issuerUrl': oidc?.issuerUrl },
});

export function identityProviderOperations(context: EksContext) {
  const { state } = context;
  const { inCluster: ofCluster } = eksAuthorization(state);
  /** Who asks for one that is not there asks for any of its name. */
  const arnOf = ({ clusterName = '*', identityProviderConfig }: OnConfig, call: Call): string => {
    const { type = '*', name = '*' } = identityProviderConfig ?? {};
    const isKeyPart = clusterName !== '' && !clusterName.includes('/');
    const found = isKeyPart
      ? state.get(identityProviders, identityProviderKey(call, clusterName))
      : undefined;
    return found?.name === name
      ? identityProviderArn(call, found)
      : eksArn(call, `identityproviderconfig/${clusterName}/${type}/${name}/*`);
  };
  const config = authorizationOf<OnConfig>(onThing(state, arnOf));
  return {
    AssociateIdentityProviderConfig: {
      action: 'eks:AssociateIdentityProviderConfig',
      ...authorizationOf<AssociateIdentityProviderConfigCommandInput>(
        inCluster(state, requestTags, associated),
      ),
      run: (input, call) => associateIdentityProviderConfig(context, input, call),
    },
    DescribeIdentityProviderConfig: {
      action: 'eks:DescribeIdentityProviderConfig',
      ...config,
      run: (input, call) => describeIdentityProviderConfig(context, input, call),
    },
    DisassociateIdentityProviderConfig: {
      action: 'eks:DisassociateIdentityProviderConfig',
      ...config,
      run: (input, call) => disassociateIdentityProviderConfig(context, input, call),
    },
    ListIdentityProviderConfigs: {
      action: 'eks:ListIdentityProviderConfigs',
      ...ofCluster,
      run: (input, call) => listIdentityProviderConfigs(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
