import type {
  DescribeDaemonDeploymentsCommandInput,
  DescribeDaemonDeploymentsResponse,
  DescribeDaemonRevisionsCommandInput,
  DescribeDaemonRevisionsResponse,
  Failure,
  ListDaemonDeploymentsCommandInput,
  ListDaemonDeploymentsResponse,
} from '@aws-sdk/client-ecs';
import type { Collection } from '../../../reconcile/index.ts';
import { recordKey } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { daemonParts, isForeign } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { requireDaemon } from '../daemons/lookup.ts';
import { deploymentSummary, deploymentView, revisionView } from '../daemons/view.ts';
import { invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import { daemonDeployments, daemonRevisions } from '../records.ts';
import { readCreatedAt } from './service-deployment.ts';

const maxDescribed = 20;
const statuses: readonly string[] = [
  ...['PENDING', 'SUCCESSFUL', 'STOPPED', 'STOP_REQUESTED', 'IN_PROGRESS'],
  ...['ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'],
];

/** The newest first. */
export function listDaemonDeployments(
  ecs: EcsContext,
  input: ListDaemonDeploymentsCommandInput,
  call: Call,
): ListDaemonDeploymentsResponse {
  const { cluster, name } = requireDaemon(ecs.state, call, input.daemonArn);
  const asked: readonly string[] = input.status ?? [];
  const unknown = asked.find((status) => !statuses.includes(status));
  if (unknown !== undefined)
    throw invalidParameter(`Invalid status ${unknown}: it should be one of [${statuses}].`);
  const isInTime = readCreatedAt(input.createdAt);
  const found = ecs.state
    .byIndex(daemonDeployments, 'byDaemon', `${call.accountId}/${call.region}/${cluster}/${name}`)
    .map(({ value }) => ({ ...value, order: `${String(value.createdAt).padStart(15, '0')}/${value.id}` }))
    .filter(({ status, createdAt }) => (asked.length === 0 || asked.includes(status)) && isInTime(createdAt))
    .sort((one, other) => (one.order > other.order ? -1 : 1));
  const { items, nextToken } = page(found, ({ order }) => order, {
    ...{ maxResults: input.maxResults, nextToken: input.nextToken, defaultSize: 20, maxSize: 100 },
    order: 'descending',
  });
  return {
    daemonDeployments: items.map((deployment) => deploymentSummary(call, deployment)),
    ...given('nextToken', nextToken),
  };
}

/** Up to twenty, by ARN; those unknown are told as MISSING. */
export function describeDaemonDeployments(
  ecs: EcsContext,
  input: DescribeDaemonDeploymentsCommandInput,
  call: Call,
): DescribeDaemonDeploymentsResponse {
  const arns = input.daemonDeploymentArns ?? [];
  const { found, failures } = lookUp(ecs, call, daemonDeployments, 'daemon-deployment', arns);
  return { daemonDeployments: found.map((each) => deploymentView(ecs.state, call, each)), failures };
}

/** As `describeDaemonDeployments`. */
export function describeDaemonRevisions(
  ecs: EcsContext,
  input: DescribeDaemonRevisionsCommandInput,
  call: Call,
): DescribeDaemonRevisionsResponse {
  const arns = input.daemonRevisionArns ?? [];
  const { found, failures } = lookUp(ecs, call, daemonRevisions, 'daemon-revision', arns);
  return { daemonRevisions: found.map((each) => revisionView(ecs.state, call, each)), failures };
}

function lookUp<T extends object>(
  { state }: EcsContext,
  call: Call,
  collection: Collection<T, string>,
  type: 'daemon-deployment' | 'daemon-revision',
  arns: readonly string[],
): { readonly found: readonly T[]; readonly failures: Failure[] } {
  if (arns.length === 0) throw invalidParameter('At least one ARN must be specified.');
  if (arns.length > maxDescribed) throw invalidParameter(`At most ${maxDescribed} ARNs can be specified.`);
  const found: T[] = [];
  const failures: Failure[] = [];
  for (const arn of new Set(arns)) {
    const key = recordKey(collection, call.accountId, call.region, ...daemonParts(arn, type));
    const record = isForeign(arn, call) ? undefined : state.get(collection, key);
    if (record === undefined) failures.push({ arn, reason: 'MISSING' });
    else found.push(record);
  }
  return { found, failures };
}
