import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import {
  createAccessEntry,
  deleteAccessEntry,
  describeAccessEntry,
  listAccessEntries,
  updateAccessEntry,
} from './access-entry.ts';
import {
  associateAccessPolicy,
  disassociateAccessPolicy,
  listAccessPolicies,
  listAssociatedAccessPolicies,
} from './associations.ts';
import { accessEntryAuthorization } from './authorization.ts';

export function accessEntryOperations(context: EksContext) {
  const general = eksAuthorization(context.state);
  const on = accessEntryAuthorization(context.state);
  return {
    AssociateAccessPolicy: {
      action: 'eks:AssociateAccessPolicy',
      ...on.associated,
      run: (input, call) => associateAccessPolicy(context, input, call),
    },
    CreateAccessEntry: {
      action: 'eks:CreateAccessEntry',
      ...on.made,
      run: (input, call) => createAccessEntry(context, input, call),
    },
    DeleteAccessEntry: {
      action: 'eks:DeleteAccessEntry',
      ...on.entry,
      run: (input, call) => deleteAccessEntry(context, input, call),
    },
    DescribeAccessEntry: {
      action: 'eks:DescribeAccessEntry',
      ...on.entry,
      run: (input, call) => describeAccessEntry(context, input, call),
    },
    DisassociateAccessPolicy: {
      action: 'eks:DisassociateAccessPolicy',
      ...on.disassociated,
      run: (input, call) => disassociateAccessPolicy(context, input, call),
    },
    ListAccessEntries: {
      action: 'eks:ListAccessEntries',
      ...general.inCluster,
      run: (input, call) => listAccessEntries(context, input, call),
    },
    ListAccessPolicies: {
      action: 'eks:ListAccessPolicies',
      ...general.everything,
      run: (input) => listAccessPolicies(input),
    },
    ListAssociatedAccessPolicies: {
      action: 'eks:ListAssociatedAccessPolicies',
      ...on.entry,
      run: (input, call) => listAssociatedAccessPolicies(context, input, call),
    },
    UpdateAccessEntry: {
      action: 'eks:UpdateAccessEntry',
      ...on.entry,
      run: (input, call) => updateAccessEntry(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
