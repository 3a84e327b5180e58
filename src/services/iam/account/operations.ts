import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { createAccountAlias, deleteAccountAlias, listAccountAliases } from './account-alias.ts';
import { getAccountSummary } from './account-summary.ts';
import { getAccountAuthorizationDetails } from './authorization-details.ts';
import { CredentialReports } from './credential-report.ts';

type AccountOperation =
  | 'CreateAccountAlias'
  | 'DeleteAccountAlias'
  | 'GenerateCredentialReport'
  | 'GetAccountAuthorizationDetails'
  | 'GetAccountSummary'
  | 'GetCredentialReport'
  | 'ListAccountAliases';

const anything = () => ['*'];

/** The operations on an account as a whole. */
export function accountOperations(iam: IamContext): Pick<OperationsOf<IAM>, AccountOperation> {
  const reports = new CredentialReports(iam);
  return {
    CreateAccountAlias: {
      action: 'iam:CreateAccountAlias',
      resources: anything,
      run: (input, call) => createAccountAlias(iam, input, call),
    },
    DeleteAccountAlias: {
      action: 'iam:DeleteAccountAlias',
      resources: anything,
      run: (input, call) => deleteAccountAlias(iam, input, call),
    },
    ListAccountAliases: {
      action: 'iam:ListAccountAliases',
      resources: anything,
      run: (input, call) => listAccountAliases(iam, input, call),
    },
    GetAccountSummary: {
      action: 'iam:GetAccountSummary',
      resources: anything,
      run: (input, call) => getAccountSummary(iam, input, call),
    },
    GetAccountAuthorizationDetails: {
      action: 'iam:GetAccountAuthorizationDetails',
      resources: anything,
      run: (input, call) => getAccountAuthorizationDetails(iam, input, call),
    },
    GenerateCredentialReport: {
      action: 'iam:GenerateCredentialReport',
      resources: anything,
      run: (_input, call) => reports.generate(call),
    },
    GetCredentialReport: {
      action: 'iam:GetCredentialReport',
      resources: anything,
      run: (_input, call) => reports.get(call),
    },
  };
}
