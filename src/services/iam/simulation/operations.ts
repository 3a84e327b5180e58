import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { getContextKeysForCustomPolicy, getContextKeysForPrincipalPolicy } from './get-context-keys.ts';
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulate-policy.ts';

type SimulationOperation =
  | 'GetContextKeysForCustomPolicy'
  | 'GetContextKeysForPrincipalPolicy'
  | 'SimulateCustomPolicy'
  | 'SimulatePrincipalPolicy';

const anything = () => ['*'];

/** The operations that try policies: given ones, and those that are kept. */
export function simulationOperations(iam: IamContext): Pick<OperationsOf<IAM>, SimulationOperation> {
  /** Of an operation on the policies of a user, group or role. */
  const onSource = {
    resources: ({ PolicySourceArn = '*' }: { readonly PolicySourceArn?: string | undefined }) => [
      PolicySourceArn,
    ],
    conditions: (_input: object, _call: object, resource: string) => entityTagKeys(iam.state, resource),
  };
  return {
    SimulateCustomPolicy: {
      action: 'iam:SimulateCustomPolicy',
      resources: anything,
      run: simulateCustomPolicy,
    },
    SimulatePrincipalPolicy: {
      action: 'iam:SimulatePrincipalPolicy',
      ...onSource,
      run: (input, call) => simulatePrincipalPolicy(iam, input, call),
    },
    GetContextKeysForCustomPolicy: {
      action: 'iam:GetContextKeysForCustomPolicy',
      resources: anything,
      run: getContextKeysForCustomPolicy,
    },
    GetContextKeysForPrincipalPolicy: {
      action: 'iam:GetContextKeysForPrincipalPolicy',
      ...onSource,
      run: (input, call) => getContextKeysForPrincipalPolicy(iam, input, call),
    },
  };
}
