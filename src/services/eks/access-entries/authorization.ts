import type { AccessScope, CreateAccessEntryCommandInput } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { authorizationOf, type Keys, resourceTagKeys } from '../../authorization-row.ts';
import type { Call, ConditionKeys } from '../../service.ts';
import { accessEntryArn } from '../arn.ts';
import { inCluster, requestTags } from '../authorization.ts';
import { accessPolicyArn } from './access-policies.ts';
import { type AccessEntryRecord, type AssociatedPolicy, accessEntries, accessEntryKey } from './record.ts';

interface OnEntry {
  readonly clusterName?: string | undefined;
  readonly principalArn?: string | undefined;
}

interface OnPolicy extends OnEntry {
  readonly policyArn?: string | undefined;
  readonly accessScope?: AccessScope | undefined;
}

/** Entries have ARNs that only they know: who asks for one that is not there asks for any of its name. */
export function accessEntryAuthorization(reader: Reader) {
  const find = (
    { clusterName = '', principalArn = '' }: OnEntry,
    call: Call,
  ): AccessEntryRecord | undefined =>
    isKeyPart(clusterName) && principalArn !== ''
      ? reader.get(accessEntries, accessEntryKey(call, clusterName, principalArn))
      : undefined;
  const on = ({ clusterName = '*', principalArn = '*' }: OnEntry, call: Call): readonly string[] => [
    accessEntryArn(call, find({ clusterName, principalArn }, call) ?? { clusterName, principalArn, id: '*' }),
  ];
  const entry: Keys<OnEntry> = (input, call) => {
    const found = find(input, call);
    if (found === undefined) return {};
    const { type, clusterName, kubernetesGroups, principalArn, username, tags } = found;
    return {
      ...resourceTagKeys(tags),
      ...{ 'eks:accessEntryType': type, 'eks:clusterName': clusterName },
      ...{ 'eks:principalArn': principalArn, 'eks:username': username },
      ...(kubernetesGroups.length > 0 && { 'eks:kubernetesGroups': kubernetesGroups }),
    };
  };
  return {
    made: authorizationOf<CreateAccessEntryCommandInput>(inCluster(reader, requestTags, made)),
    entry: authorizationOf<OnEntry>({ on, keys: [entry] }),
    associated: authorizationOf<OnPolicy>({ on, keys: [entry, associated] }),
    disassociated: authorizationOf<OnPolicy>({
      on,
      keys: [
        entry,
        (input, call) => {
          const isMeant = ({ name }: AssociatedPolicy) => accessPolicyArn(name) === input.policyArn;
          const scope = find(input, call)?.policies.find(isMeant)?.scope;
          return policyKeys(input.policyArn, scope);
        },
      ],
    }),
  };
}

const isKeyPart = (name: string): boolean => name !== '' && !name.includes('/');

const made: Keys<CreateAccessEntryCommandInput> = ({
  principalArn,
  type = 'STANDARD',
  username,
  kubernetesGroups = [],
}) => ({
  ...{ 'eks:principalArn': principalArn, 'eks:accessEntryType': type, 'eks:username': username },
  ...(kubernetesGroups.length > 0 && { 'eks:kubernetesGroups': kubernetesGroups }),
});

const associated: Keys<OnPolicy> = ({ policyArn, accessScope }) => policyKeys(policyArn, accessScope);

const policyKeys = (
  policyArn: string | undefined,
  scope: { readonly type?: string | undefined; readonly namespaces?: readonly string[] | undefined } = {},
): ConditionKeys => ({
  ...{ 'eks:policyArn': policyArn, 'eks:accessScope': scope.type },
  ...(scope.namespaces !== undefined && { 'eks:namespaces': scope.namespaces }),
});
