import type {
  AssociateIdentityProviderConfigCommandInput,
  AssociateIdentityProviderConfigResponse,
  DescribeIdentityProviderConfigCommandInput,
  DescribeIdentityProviderConfigResponse,
  DisassociateIdentityProviderConfigCommandInput,
  DisassociateIdentityProviderConfigResponse,
  IdentityProviderConfig,
  ListIdentityProviderConfigsCommandInput,
  ListIdentityProviderConfigsResponse,
  OidcIdentityProviderConfigRequest,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { identityProviderArn, type Scope } from '../arn.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, invalidRequest, resourceNotFound } from '../errors.ts';
import { constraints, madeBy, readTags } from '../input.ts';
import { namesPage } from '../pages.ts';
import { updateCluster } from '../updates/update-of-cluster.ts';
import {
  type IdentityProviderRecord,
  identityProviderKey,
  identityProviders,
  type OidcProvider,
} from './record.ts';

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException */
export async function associateIdentityProviderConfig(
  context: EksContext,
  input: AssociateIdentityProviderConfigCommandInput,
  call: Call,
): Promise<AssociateIdentityProviderConfigResponse> {
  const { clusterName = '', oidc } = input;
  const wanted = readProvider(oidc);
  const tags = readTags(input.tags, invalidParameter);
  const id = uuid(context.random);
  const update = await updateCluster(
    context,
    call,
    { clusterName, request: madeBy(input) },
    (tx, cluster, updateId) => {
      const key = identityProviderKey(call, clusterName);
      const present = tx.get(identityProviders, key);
      if (present !== undefined) {
        throw invalidRequest(
          `Cluster ${clusterName} has the identity provider config ${present.name} already`,
          {
            clusterName,
          },
        );
      }
      tx.put(identityProviders, key, { id, clusterName, ...wanted, tags, updateId });
      return {
        type: 'AssociateIdentityProviderConfig',
        params: [{ type: 'IdentityProviderConfig', value: JSON.stringify([{ type, name: wanted.name }]) }],
        cluster,
      };
    },
  );
  return { update, tags };
}

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException */
export async function disassociateIdentityProviderConfig(
  context: EksContext,
  input: DisassociateIdentityProviderConfigCommandInput,
  call: Call,
): Promise<DisassociateIdentityProviderConfigResponse> {
  const { clusterName = '', identityProviderConfig } = input;
  const update = await updateCluster(
    context,
    call,
    { clusterName, request: madeBy(input) },
    (tx, cluster, updateId) => {
      const record = requireProvider(tx, call, clusterName, identityProviderConfig);
      tx.put(identityProviders, identityProviderKey(call, clusterName), {
        ...{ ...record, updateId, isDeleting: true },
      });
      return {
        type: 'DisassociateIdentityProviderConfig',
        params: [{ type: 'IdentityProviderConfig', value: JSON.stringify([{ type, name: record.name }]) }],
        cluster,
      };
    },
  );
  return { update };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function describeIdentityProviderConfig(
  { state }: EksContext,
  { clusterName = '', identityProviderConfig }: DescribeIdentityProviderConfigCommandInput,
  call: Call,
): DescribeIdentityProviderConfigResponse {
  const record = requireProvider(state, call, clusterName, identityProviderConfig);
  const { id: _, name, updateId, isDeleting, requiredClaims, ...provider } = record;
  return {
    identityProviderConfig: {
      oidc: {
        ...{ ...provider, identityProviderConfigName: name, requiredClaims: { ...requiredClaims } },
        identityProviderConfigArn: identityProviderArn(call, record),
        status: isDeleting ? 'DELETING' : updateId === undefined ? 'ACTIVE' : 'CREATING',
      },
    },
  };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listIdentityProviderConfigs(
  { state }: EksContext,
  { clusterName = '', ...asked }: ListIdentityProviderConfigsCommandInput,
  call: Call,
): ListIdentityProviderConfigsResponse {
  requireCluster(state, call, clusterName);
  const found = state.get(identityProviders, identityProviderKey(call, clusterName));
  const { items, ...more } = namesPage(found === undefined ? [] : [found.name], asked);
  return { identityProviderConfigs: items.map((name) => ({ type, name })), ...more };
}

/** The only one that there is. */
const type = 'oidc';

function requireProvider(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  asked: IdentityProviderConfig | undefined,
): IdentityProviderRecord {
  requireCluster(reader, scope, clusterName);
  if (asked?.type !== type)
    throw invalidParameter(`The type of an identity provider config must be ${type}`, { clusterName });
  const found = reader.get(identityProviders, identityProviderKey(scope, clusterName));
  if (found !== undefined && found.name === asked.name) return found;
  throw resourceNotFound(`Identity provider config not found: ${asked.name}`, { clusterName });
}

function readProvider(
  oidc: OidcIdentityProviderConfigRequest | undefined,
): OidcProvider & { readonly name: string } {
  const { identityProviderConfigName: name = '', issuerUrl = '', clientId = '' } = oidc ?? {};
  const {
    usernameClaim = 'sub',
    usernamePrefix,
    groupsClaim,
    groupsPrefix,
    requiredClaims = {},
  } = oidc ?? {};
  const checked = constraints()
    .text('oidc.identityProviderConfigName', name, {
      ...{ minLength: 1, maxLength: 100, pattern: String.raw`[0-9A-Za-z][A-Za-z0-9\-_]*` },
    })
    .text('oidc.clientId', clientId, { minLength: 1, maxLength: 255 })
    .text('oidc.usernameClaim', usernameClaim, { minLength: 1, maxLength: 255 })
    .text('oidc.groupsClaim', groupsClaim, { minLength: 1, maxLength: 255 });
  for (const [claim, value] of Object.entries(requiredClaims)) {
    checked
      .text('oidc.requiredClaims', claim, { minLength: 1, maxLength: 63 })
      .text(`oidc.requiredClaims.${claim}`, value, { minLength: 1, maxLength: 253 });
  }
  checked.throwIfViolated();
  if (!isIssuerUrl(issuerUrl))
    throw invalidParameter(`The issuerUrl must begin with https:// and have no query: ${issuerUrl}`);
  for (const [member, prefix] of Object.entries({ usernamePrefix, groupsPrefix })) {
    if (prefix?.includes('system:')) throw invalidParameter(`The ${member} must not contain system:`);
  }
  return {
    ...{ name, issuerUrl, clientId, usernameClaim, requiredClaims },
    ...(usernamePrefix !== undefined && { usernamePrefix }),
    ...(groupsClaim !== undefined && { groupsClaim }),
    ...(groupsPrefix !== undefined && { groupsPrefix }),
  };
}

function isIssuerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username } = new URL(text);
  return protocol === 'https:' && search === '' && hash === '' && username === '' && !text.includes('?');
}
