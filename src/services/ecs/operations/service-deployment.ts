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

/** @throws InvalidParameterException */
export function readCreatedAt({ before, after }: CreatedAt = {}): (createdAt: number) => boolean {
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

/**
 * Answers a hook that a service deployment is paused at: CONTINUE, also when nothing is said, lets it go on; ROLLBACK goes
 * back to the deployment that completed last.
 */
export async function continueServiceDeployment(
  ecs: EcsContext,
  { serviceDeploymentArn: arn, hookId = '', action = 'CONTINUE' }: ContinueServiceDeploymentCommandInput,
  call: Call,
): Promise<ContinueServiceDeploymentResponse> {
  const identifier = requireArn(arn);
  if (action !== 'CONTINUE' && action !== 'ROLLBACK')
    throw invalidParameter('action should be one of [CONTINUE,ROLLBACK].');
  if (!/^ecs-[a-z]+-[\w-]+$/.test(hookId))
    throw invalidParameter('Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}');
  await ecs.state.transact((tx) => {
    const record = findServiceDeployment(tx, call, identifier);
    if (record === undefined) throw serviceDeploymentNotFound('The service deployment does not exist.');
    if (isFinished(record))
      throw invalidParameter(
        'Continuing a service deployment is not allowed for service deployment in terminal states.',
      );
    const { shift, hookAnswers = {}, cluster, service: name, id, status } = record;
    const hooks = shift?.hooks ?? [];
    // Whatever is said to one that is being stopped comes too late.
    const hook = status === 'IN_PROGRESS' ? hooks.find((each) => each.id === hookId) : undefined;
    if (hook?.status !== 'AWAITING_ACTION' || hookAnswers[hookId] !== undefined)
      throw invalidParameter(
        'Provided hookId is either completed, unavailable, or not associated with the given Resource ARN',
      );
    tx.put(serviceDeployments, serviceDeploymentKey(call, { cluster, name }, id), {
      ...record,
      // What was said in stages before has had its effect.
      hookAnswers: Object.fromEntries(
        [...Object.entries(hookAnswers), [hookId, action] as const].filter(([answered]) =>
          hooks.some((each) => each.id === answered),
        ),
      ),
      updatedAt: call.now,
    });
  });
  return { serviceDeploymentArn: identifier };
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

const serviceDeploymentNotFound = (message = 'Service deployment not found.'): Refusal =>
  ecsRefusal('ServiceDeploymentNotFoundException', message);
