import type {
  ContinueServiceDeploymentCommandInput,
  ContinueServiceDeploymentResponse,
  CreatedAt,
  DescribeServiceDeploymentsCommandInput,
  DescribeServiceDeploymentsResponse,
  ListServiceDeploymentsCommandInput,
  ListServiceDeploymentsResponse,
  StopServiceDeploymentCommandInput,
  StopServiceDeploymentResponse,
} from '@aws-sdk/client-ecs';
import type { Refusal } from '../../../protocols/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { isForeign, type Scope, serviceHistoryId } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import {
  isFinished,
  mayFollow,
  moved,
  serviceDeploymentStatuses,
} from '../deployment/service-deployment-state.ts';
import { ecsRefusal, invalidParameter, serviceNotFound } from '../errors.ts';
import { page } from '../pagination.ts';
import { type ServiceDeploymentRecord, serviceDeployments } from '../records.ts';
import { serviceDeploymentKey, serviceIndexValue } from '../service-history.ts';
import { serviceDeploymentBrief, serviceDeploymentView } from '../service-history-view.ts';
import { requireService } from '../service-lookup.ts';

const maxDescribed = 20;
const defaultPage = 20;
const maxPage = 100;

/** A service's deployments of the last 90 days, newest first; twenty to a page unless asked otherwise. */
export function listServiceDeployments(
  ecs: EcsContext,
  input: ListServiceDeploymentsCommandInput,
  call: Call,
): ListServiceDeploymentsResponse {
  const { name: cluster } = requireCluster(ecs.state, call, input.cluster);
  const service = requireService(ecs.state, call, cluster, input.service);
  if (service.status === 'INACTIVE') throw serviceNotFound();
  const isWanted = readFilter(input);
  const wanted = ecs.state
    .byIndex(serviceDeployments, 'byService', serviceIndexValue(call, service))
    .map(({ value }) => value)
    .filter(isWanted)
    .sort((left, right) => (orderKey(left) > orderKey(right) ? -1 : 1));
  const { items, nextToken } = page(wanted, orderKey, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: defaultPage,
    maxSize: maxPage,
    order: 'descending',
  });
  return {
    serviceDeployments: items.map((record) => serviceDeploymentBrief(call, record)),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** Text that sorts as the times do. */
function orderKey({ createdAt, id }: ServiceDeploymentRecord): string {
  return `${String(createdAt).padStart(15, '0')}/${id}`;
}

function readFilter({
  status: statuses = [],
  createdAt,
}: ListServiceDeploymentsCommandInput): (record: ServiceDeploymentRecord) => boolean {
  for (const status of statuses)
    if (!serviceDeploymentStatuses.some((known) => known === status))
      throw invalidParameter(`Invalid status ${status}: it should be one of [${serviceDeploymentStatuses}].`);
  const isInTime = readCreatedAt(createdAt);
  return (record) =>
    (statuses.length === 0 || statuses.includes(record.status)) && isInTime(record.createdAt);
}

function readCreatedAt({ before, after }: CreatedAt = {}): (createdAt: number) => boolean {
  const end = before?.getTime() ?? Number.POSITIVE_INFINITY;
  const start = after?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (start > end) throw invalidParameter('createdAt.after must not be later than createdAt.before.');
  return (createdAt) => createdAt > start && createdAt < end;
}

/** Up to twenty, by ARN; those unknown are told as MISSING. */
export function describeServiceDeployments(
  ecs: EcsContext,
  { serviceDeploymentArns: arns = [] }: DescribeServiceDeploymentsCommandInput,
  call: Call,
): DescribeServiceDeploymentsResponse {
  if (arns.length === 0) throw invalidParameter('serviceDeploymentArns cannot be empty.');
  if (arns.length > maxDescribed)
    throw invalidParameter(`serviceDeploymentArns can have at most ${maxDescribed} items.`);
  const found: ServiceDeploymentRecord[] = [];
  const missing: string[] = [];
  for (const arn of new Set(arns)) {
    const record = findServiceDeployment(ecs.state, call, arn);
    if (record === undefined) missing.push(arn);
    else found.push(record);
  }
  return {
    serviceDeployments: found.map((record) => serviceDeploymentView(ecs.state, call, record)),
    failures: missing.map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

/**
 * Ends a service deployment that is under way. ROLLBACK, also when nothing is said, goes back to the deployment that
 * completed last; ABORT leaves what runs and starts nothing more. One that is ending already goes on with it.
 */
export async function stopServiceDeployment(
  ecs: EcsContext,
  { serviceDeploymentArn: arn, stopType = 'ROLLBACK' }: StopServiceDeploymentCommandInput,
  call: Call,
): Promise<StopServiceDeploymentResponse> {
  const request = stopRequest(stopType);
  const identifier = requireArn(arn);
  await ecs.state.transact((tx) => {
    const record = findServiceDeployment(tx, call, identifier);
    if (record === undefined) throw serviceDeploymentNotFound();
    if (isFinished(record))
      throw ecsRefusal(
        'ConflictException',
        `The service deployment is ${record.status} and can't be stopped any more.`,
        { resourceIds: [identifier] },
      );
    if (!mayFollow(record.status, request)) return;
    const { cluster, service: name, id } = record;
    tx.put(
      serviceDeployments,
      serviceDeploymentKey(call, { cluster, name }, id),
      moved(record, { to: request }, call.now),
    );
  });
  return { serviceDeploymentArn: identifier };
}

function stopRequest(stopType: string): 'ROLLBACK_REQUESTED' | 'STOP_REQUESTED' {
  if (stopType === 'ROLLBACK') return 'ROLLBACK_REQUESTED';
  if (stopType === 'ABORT') return 'STOP_REQUESTED';
  throw invalidParameter('stopType should be one of [ABORT,ROLLBACK].');
}

/** A deployment waits for an answer only at a PAUSE hook. There are none yet, so there is nothing to continue. */
export function continueServiceDeployment(
  ecs: EcsContext,
  { serviceDeploymentArn: arn, hookId }: ContinueServiceDeploymentCommandInput,
  call: Call,
): ContinueServiceDeploymentResponse {
  if (findServiceDeployment(ecs.state, call, requireArn(arn)) === undefined)
    throw serviceDeploymentNotFound();
  throw invalidParameter(
    `The service deployment isn't paused at a lifecycle hook with the hookId ${hookId}.`,
  );
}

function requireArn(arn: string | undefined): string {
  if (!arn) throw invalidParameter('serviceDeploymentArn can not be blank.');
  return arn;
}

function findServiceDeployment(
  reader: Reader,
  scope: Scope,
  arn: string,
): ServiceDeploymentRecord | undefined {
  const { cluster, service: name, id } = serviceHistoryId(arn, 'service-deployment');
  if (isForeign(arn, scope)) return undefined;
  return reader.get(serviceDeployments, serviceDeploymentKey(scope, { cluster, name }, id));
}

const serviceDeploymentNotFound = (): Refusal =>
  ecsRefusal('ServiceDeploymentNotFoundException', 'Service deployment not found.');
