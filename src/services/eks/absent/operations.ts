import type { EKS } from '@aws-sdk/client-eks';
import type { Refusal } from '../../../protocols/index.ts';
import type { Call, OperationsOf, SupportedOperation } from '../../service.ts';
import { eksArn } from '../arn.ts';
import { eksAuthorization } from '../authorization.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { resourceNotFound } from '../errors.ts';
import { namesPage } from '../pages.ts';
import { absentCapability } from './absent.ts';

type AbsentOperation =
  | 'DeleteCapability'
  | 'DeleteEksAnywhereSubscription'
  | 'DeregisterCluster'
  | 'DescribeCapability'
  | 'DescribeEksAnywhereSubscription'
  | 'ListCapabilities'
  | 'ListEksAnywhereSubscriptions'
  | 'UpdateCapability'
  | 'UpdateEksAnywhereSubscription';

interface InCluster {
  readonly clusterName?: string | undefined;
}
interface Page {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/**
 * What no cluster has here: capabilities, subscriptions, clusters of others. To make
 * one is refused by name; to list, read, change or delete it has a true answer, and programs ask for that before they
 * delete a cluster.
 */
export function absentOperations({ state }: EksContext): Pick<OperationsOf<EKS>, AbsentOperation> {
  const { everything, inCluster } = eksAuthorization(state);

  /** Of a cluster's things: it must be there. */
  const none = <Output>(
    action: string,
    answer: (names: readonly string[]) => Output,
  ): SupportedOperation<InCluster & Page, Output> => ({
    action,
    ...inCluster,
    run: ({ clusterName = '', ...asked }, call) => {
      requireCluster(state, call, clusterName);
      return answer(namesPage([], asked).items);
    },
  });
  /** About one of a cluster's things, which is none of its. */
  const unknown = <Input extends InCluster>(
    action: string,
    type: string,
    nameOf: (input: Input) => string | undefined,
    refusal: (clusterName: string, name: string) => Refusal,
  ): SupportedOperation<Input, never> => ({
    action,
    resources: (input, call) => [
      eksArn(call, `${type}/${input.clusterName ?? '*'}/${nameOf(input) ?? '*'}/*`),
    ],
    run: (input, call) => {
      const { clusterName = '' } = input;
      requireCluster(state, call, clusterName);
      throw refusal(clusterName, nameOf(input) ?? '');
    },
  });
  const ofCapability = (operation: string) =>
    unknown(
      `eks:${operation}`,
      'capability',
      (input: InCluster & { readonly capabilityName?: string | undefined }) => input.capabilityName,
      absentCapability,
    );
  const ofSubscription = (
    operation: string,
  ): SupportedOperation<{ readonly id?: string | undefined }, never> => ({
    action: `eks:${operation}`,
    resources: ({ id = '*' }, call) => [eksArn(call, `eks-anywhere-subscription/${id}/*`)],
    run: ({ id = '' }) => {
      throw resourceNotFound(`No subscription found for id: ${id}.`);
    },
  });

  return {
    ListCapabilities: none('eks:ListCapabilities', () => ({ capabilities: [] })),
    DescribeCapability: ofCapability('DescribeCapability'),
    UpdateCapability: ofCapability('UpdateCapability'),
    DeleteCapability: ofCapability('DeleteCapability'),

    ListEksAnywhereSubscriptions: {
      action: 'eks:ListEksAnywhereSubscriptions',
      ...everything,
      run: ({ maxResults, nextToken }) => {
        namesPage([], { maxResults, nextToken });
        return { subscriptions: [] };
      },
    },
    DescribeEksAnywhereSubscription: ofSubscription('DescribeEksAnywhereSubscription'),
    UpdateEksAnywhereSubscription: ofSubscription('UpdateEksAnywhereSubscription'),
    DeleteEksAnywhereSubscription: ofSubscription('DeleteEksAnywhereSubscription'),

    DeregisterCluster: {
      action: 'eks:DeregisterCluster',
      resources: ({ name = '*' }, call: Call) => [eksArn(call, `cluster/${name}`)],
      run: ({ name = '' }) => {
        throw resourceNotFound(`No registered cluster found for name: ${name}.`, { clusterName: name });
      },
    },
  };
}
