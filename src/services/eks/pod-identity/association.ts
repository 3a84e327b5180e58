import type {
  CreatePodIdentityAssociationCommandInput,
  CreatePodIdentityAssociationResponse,
  DeletePodIdentityAssociationCommandInput,
  DeletePodIdentityAssociationResponse,
  DescribePodIdentityAssociationCommandInput,
  DescribePodIdentityAssociationResponse,
  ListPodIdentityAssociationsCommandInput,
  ListPodIdentityAssociationsResponse,
  PodIdentityAssociation,
  UpdatePodIdentityAssociationCommandInput,
  UpdatePodIdentityAssociationResponse,
} from '@aws-sdk/client-eks';
import { alphanumeric, type Random } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterArn, podIdentityArn, type Scope } from '../arn.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, limitExceeded, resourceInUse, resourceNotFound, unsupported } from '../errors.ts';
import { constraints, isRepeat, madeBy, readTags } from '../input.ts';
import { namedPage } from '../pages.ts';
import { clusterText, idText } from '../records.ts';
import { type PodIdentityRecord, podIdentities, podIdentityKey } from './record.ts';

/** "Pod identity associations per cluster" (EKS quotas). */
const maxAssociations = 1_000;
const idLength = 17;

export const newAssociationId = (random: Random): string =>
  `a-${alphanumeric(random, idLength).toLowerCase()}`;

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceLimitExceededException, ResourceNotFoundException */
export async function createPodIdentityAssociation(
  context: EksContext,
  input: CreatePodIdentityAssociationCommandInput,
  call: Call,
): Promise<CreatePodIdentityAssociationResponse> {
  const { state, clock, random } = context;
  const { clusterName = '', namespace = '', serviceAccount = '', roleArn = '' } = input;
  const { disableSessionTags = false } = input;
  constraints()
    .text('namespace', namespace, { maxLength: 63, pattern: '[a-z0-9]([-a-z0-9]*[a-z0-9])?' })
    .text('serviceAccount', serviceAccount, {
      ...{ maxLength: 253, pattern: '[a-z0-9]([-a-z0-9.]*[a-z0-9])?' },
    })
    .throwIfViolated();
  refuseUnsupported(input);
  const tags = readTags(input.tags, invalidParameter);
  const request = madeBy(input);
  const id = newAssociationId(random);
  const created = await state.transact((tx) => {
    requireActiveCluster(context, tx, call, clusterName);
    const key = podIdentityKey(call, clusterName, namespace, serviceAccount);
    const present = tx.get(podIdentities, key);
    if (present !== undefined && isRepeat(present.request, request)) return present;
    const now = clock.now();
    return associate(context, tx, call, {
      ...{ id, clusterName, namespace, serviceAccount, roleArn, disableSessionTags },
      ...{ createdAt: now, modifiedAt: now, tags, ...(request && { request }) },
    });
  });
  return { association: associationView(call, created) };
}

/** Keeps one that is not there yet. @throws InvalidParameterException, ResourceInUseException, ResourceLimitExceededException */
export function associate(
  context: EksContext,
  tx: Transaction,
  scope: Scope,
  record: PodIdentityRecord,
): PodIdentityRecord {
  const { clusterName, namespace, serviceAccount } = record;
  const key = podIdentityKey(scope, clusterName, namespace, serviceAccount);
  const present = tx.get(podIdentities, key);
  if (present !== undefined)
    throw resourceInUse(`Association already exists: ${present.id}`, { clusterName });
  if (tx.countByIndex(podIdentities, 'cluster', clusterText(scope, clusterName)) >= maxAssociations)
    throw limitExceeded(`A cluster has at most ${maxAssociations} associations.`, { clusterName });
  assertTrusts(context, scope, record);
  tx.put(podIdentities, key, record);
  return record;
}

/** @throws ResourceNotFoundException */
export function describePodIdentityAssociation(
  { state }: EksContext,
  { clusterName = '', associationId = '' }: DescribePodIdentityAssociationCommandInput,
  call: Call,
): DescribePodIdentityAssociationResponse {
  const { value } = requireAssociation(state, call, clusterName, associationId);
  return { association: associationView(call, value) };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listPodIdentityAssociations(
  { state }: EksContext,
  { clusterName = '', namespace, serviceAccount, ...asked }: ListPodIdentityAssociationsCommandInput,
  call: Call,
): ListPodIdentityAssociationsResponse {
  requireCluster(state, call, clusterName);
  const found = state
    .byIndex(podIdentities, 'cluster', clusterText(call, clusterName))
    .map(({ value }) => value)
    .filter((it) => namespace === undefined || it.namespace === namespace)
    .filter((it) => serviceAccount === undefined || it.serviceAccount === serviceAccount);
  const { items, ...more } = namedPage(found, ({ id }) => id, asked);
  const associations = items.map((record) => ({
    ...{ clusterName, namespace: record.namespace, serviceAccount: record.serviceAccount },
    ...{ associationArn: podIdentityArn(call, record), associationId: record.id },
    ...(record.ownerArn !== undefined && { ownerArn: record.ownerArn }),
  }));
  return { associations, ...more };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export async function updatePodIdentityAssociation(
  context: EksContext,
  input: UpdatePodIdentityAssociationCommandInput,
  call: Call,
): Promise<UpdatePodIdentityAssociationResponse> {
  const { state, clock } = context;
  const { clusterName = '', associationId = '', roleArn, disableSessionTags } = input;
  refuseUnsupported(input);
  const updated = await state.transact((tx) => {
    const { key, value } = requireAssociation(tx, call, clusterName, associationId);
    const record: PodIdentityRecord = {
      ...value,
      ...(roleArn !== undefined && { roleArn }),
      ...(disableSessionTags !== undefined && { disableSessionTags }),
      modifiedAt: clock.now(),
    };
    assertTrusts(context, call, record);
    tx.put(podIdentities, key, record);
    return record;
  });
  return { association: associationView(call, updated) };
}

/** @throws ResourceNotFoundException */
export async function deletePodIdentityAssociation(
  { state }: EksContext,
  { clusterName = '', associationId = '' }: DeletePodIdentityAssociationCommandInput,
  call: Call,
): Promise<DeletePodIdentityAssociationResponse> {
  const deleted = await state.transact((tx) => {
    const { key, value } = requireAssociation(tx, call, clusterName, associationId);
    tx.delete(podIdentities, key);
    return value;
  });
  return { association: associationView(call, deleted) };
}

/** What only whoever hands out credentials to pods could do. @throws InvalidParameterException */
function refuseUnsupported({
  targetRoleArn,
  policy,
}: {
  readonly targetRoleArn?: string | undefined;
  readonly policy?: string | undefined;
}): void {
  if (targetRoleArn !== undefined) throw unsupported('Roles by way of another (targetRoleArn) are');
  if (policy !== undefined) throw unsupported('Policies of an association (policy) are');
}

/** Whether EKS may act with the role for these pods. @throws InvalidParameterException */
export function assertTrusts({ whyNotAssumed }: EksContext, scope: Scope, record: PodIdentityRecord): void {
  const { roleArn, clusterName, namespace, serviceAccount, disableSessionTags } = record;
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(roleArn))
    throw invalidParameter(`Invalid Role Arn: '${roleArn}'`, { clusterName });
  const sourceArn = clusterArn(scope, clusterName);
  const why = whyNotAssumed(scope, {
    ...{ roleArn, sourceArn, service: 'pods.eks.amazonaws.com' },
    ...(!disableSessionTags && {
      tags: {
        ...{ 'eks-cluster-arn': sourceArn, 'eks-cluster-name': clusterName },
        ...{ 'kubernetes-namespace': namespace, 'kubernetes-service-account': serviceAccount },
      },
    }),
  });
  if (why === undefined) return;
  throw invalidParameter(
    `Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue. ${why}`,
    { clusterName },
  );
}

function requireAssociation(reader: Reader, scope: Scope, clusterName: string, id: string) {
  requireCluster(reader, scope, clusterName);
  const found = reader.byIndex(podIdentities, 'id', idText(scope, id))[0];
  const value = found && reader.get(podIdentities, found.key);
  if (found !== undefined && value?.id === id && value.clusterName === clusterName)
    return { key: found.key, value };
  throw resourceNotFound(`The specified association could not be found: ${id}`, { clusterName });
}

function associationView(scope: Scope, record: PodIdentityRecord): PodIdentityAssociation {
  const { id, clusterName, namespace, serviceAccount, roleArn, tags, disableSessionTags } = record;
  return {
    ...{ clusterName, namespace, serviceAccount, roleArn, tags, disableSessionTags },
    ...{ associationArn: podIdentityArn(scope, record), associationId: id },
    ...{ createdAt: new Date(record.createdAt), modifiedAt: new Date(record.modifiedAt) },
    ...(record.ownerArn !== undefined && { ownerArn: record.ownerArn }),
  };
}
