import type {
  CreateTaskSetCommandInput,
  CreateTaskSetResponse,
  DeleteTaskSetCommandInput,
  DeleteTaskSetResponse,
  DescribeTaskSetsCommandInput,
  DescribeTaskSetsResponse,
  Scale,
  UpdateServicePrimaryTaskSetCommandInput,
  UpdateServicePrimaryTaskSetResponse,
  UpdateTaskSetCommandInput,
  UpdateTaskSetResponse,
} from '@aws-sdk/client-ecs';
import { uuid } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { exposureOf, withoutExposure } from '../activation/exposure.ts';
import { readExposure } from '../activation/read-exposure.ts';
import { clusterName, taskSetArn, taskSetId } from '../arn.ts';
import { readClientToken } from '../client-token.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { newTaskSetDeployment, withoutPauses } from '../deployment/new-deployment.ts';
import { schedulerSettings } from '../deployment/scheduler-settings.ts';
import { computedDesiredCount, withComputedCountsTold } from '../deployment/task-sets.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import { readInclude } from '../include.ts';
import { requireCompatible, requireLaunchable } from '../launch-input.ts';
import { readNetworkConfiguration, requirePublicIpOnFargate } from '../network-configuration.ts';
import { type ServiceRecord, services, type TaskSetRecord } from '../records.ts';
import { requestHash } from '../request-hash.ts';
import { requireService, serviceKey } from '../service-lookup.ts';
import { validateTags } from '../tags.ts';
import { taskSetView } from '../task-set-view.ts';

/**
 * Task sets: what an external deployment controller makes of a service. The controller says which share of the
 * service's desired count each set has, and which is PRIMARY; ECS runs the tasks.
 * (Amazon ECS developer guide, "Deploy Amazon ECS services using a third-party controller")
 */
const maxTaskSets = 5;
const maxTokenLength = 36;

/** Adds a task set to a service; its tasks follow. The same request with the same clientToken makes one only. */
export async function createTaskSet(
  ecs: EcsContext,
  input: CreateTaskSetCommandInput,
  call: Call,
): Promise<CreateTaskSetResponse> {
  refuseUnbuilt(input);
  const clientToken = readClientToken(input.clientToken, maxTokenLength);
  const parametersHash = requestHash(input);
  const scale = input.scale === undefined ? 100 : readScale(input.scale);
  return change(ecs, input, call, (tx, before) => {
    const known = before.taskSets.find((set) => clientToken !== undefined && set.clientToken === clientToken);
    if (known !== undefined) {
      if (known.parametersHash !== parametersHash)
        throw invalidParameter('Creation of task set was not idempotent.');
      return { after: before, taskSet: known };
    }
    if (before.taskSets.length >= maxTaskSets)
      throw invalidParameter(
        `${before.taskSets.length} deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.`,
      );
    const definition = requireLaunchable(tx, call, input.taskDefinition);
    const launchType = readLaunchType(input.launchType);
    requireCompatible(definition, launchType);
    const network = readNetworkConfiguration(tx, call, definition.definition, input.networkConfiguration);
    requirePublicIpOnFargate(launchType, network);
    const exposed = { definition: definition.definition, launchType };
    const described = {
      taskDefinition: { family: definition.family, revision: definition.revision },
      launchType,
      ...given('networkConfiguration', network),
      ...readExposure(tx, call, exposed, input),
    };
    const taskSet: TaskSetRecord = {
      status: 'ACTIVE',
      ...given('externalId', input.externalId),
      launchType,
      scale,
      deployment: newTaskSetDeployment(described, ecs.random, call.now),
      updatedAt: call.now,
      stability: { status: 'STABILIZING', at: call.now },
      ...given('clientToken', clientToken),
      parametersHash,
      tags: validateTags(input.tags),
    };
    return { after: { ...before, taskSets: [...before.taskSets, taskSet] }, taskSet };
  });
}

/** Gives a task set another share of the service's desired count. */
export async function updateTaskSet(
  ecs: EcsContext,
  input: UpdateTaskSetCommandInput,
  call: Call,
): Promise<UpdateTaskSetResponse> {
  const scale = readScale(input.scale);
  return change(ecs, input, call, (_tx, before) =>
    replaced(before, requireLiveTaskSet(before, input.taskSet), (set) => ({
      ...set,
      scale,
      deployment: withoutPauses(set.deployment),
      updatedAt: call.now,
    })),
  );
}

/** Ends a task set that is scaled to 0 or, with `force`, any: it is DRAINING until its tasks have stopped. */
export async function deleteTaskSet(
  ecs: EcsContext,
  input: DeleteTaskSetCommandInput,
  call: Call,
): Promise<DeleteTaskSetResponse> {
  return change(ecs, input, call, (_tx, before) => {
    const set = requireTaskSet(before, input.taskSet);
    if (computedDesiredCount(before, set) > 0 && !input.force)
      throw invalidParameter('The task set cannot be deleted while it is scaled above 0.');
    return replaced(before, set, ({ steadyAt: _steadyAt, ...rest }) => ({
      ...rest,
      status: 'DRAINING',
      updatedAt: call.now,
    }));
  });
}

/** Makes a task set the PRIMARY one, whose settings the service then shows as its own. */
export async function updateServicePrimaryTaskSet(
  ecs: EcsContext,
  input: UpdateServicePrimaryTaskSetCommandInput,
  call: Call,
): Promise<UpdateServicePrimaryTaskSetResponse> {
  return change(ecs, input, call, (_tx, before) => {
    const chosen = requireLiveTaskSet(before, input.primaryTaskSet);
    const { networkConfiguration: _network, ...service } = before;
    const taskSets = before.taskSets.map((set): TaskSetRecord => {
      const status = set === chosen ? 'PRIMARY' : set.status === 'PRIMARY' ? 'ACTIVE' : set.status;
      return set.status === status ? set : { ...set, status, updatedAt: call.now };
    });
    const { taskDefinition, networkConfiguration } = chosen.deployment;
    const after = {
      ...withoutExposure(service),
      taskDefinition,
      launchType: chosen.launchType,
      ...given('networkConfiguration', networkConfiguration),
      ...exposureOf(chosen.deployment),
      taskSets,
    };
    return { after, taskSet: requireTaskSet(after, chosen.deployment.id) };
  });
}

/** A service's task sets, or those of them that are named; unknown ones are told as MISSING. */
export function describeTaskSets(
  ecs: EcsContext,
  input: DescribeTaskSetsCommandInput,
  call: Call,
): DescribeTaskSetsResponse {
  const service = requireExternalService(ecs.state, input, call);
  const withTags = readInclude(input.include, ['TAGS']).has('TAGS');
  const ids = new Set(
    input.taskSets?.length ? input.taskSets.map(taskSetId) : service.taskSets.map((set) => set.deployment.id),
  );
  const found = service.taskSets.filter(({ deployment }) => ids.has(deployment.id));
  const missing = [...ids].filter((id) => !found.some(({ deployment }) => deployment.id === id));
  return {
    taskSets: found.map((set) => taskSetView(ecs.state, call, service, set, { withTags })),
    failures: missing.map((id) => ({
      arn: taskSetArn(call, service.cluster, service.name, id),
      reason: 'MISSING',
    })),
  };
}

type ExternalService = ServiceRecord & { readonly taskSets: readonly TaskSetRecord[] };

interface Changed {
  readonly after: ExternalService;
  readonly taskSet: TaskSetRecord;
}

/** One transaction on a service with an external controller; answers with the task set that it was about. */
async function change(
  ecs: EcsContext,
  input: { readonly cluster: string | undefined; readonly service: string | undefined },
  call: Call,
  decide: (tx: Transaction, before: ExternalService) => Changed,
): Promise<{ taskSet: ReturnType<typeof taskSetView> }> {
  return transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const before = requireExternalService(tx, input, call);
    if (before.status !== 'ACTIVE') throw ecsRefusal('ServiceNotActiveException', 'Service was not ACTIVE.');
    const { after, taskSet } = decide(tx, before);
    if (after !== before) {
      const { name: serviceName, cluster } = before;
      const newEventId = () => uuid(ecs.random);
      const teller = { serviceName, now: call.now, settings: schedulerSettings, newEventId };
      tx.put(services, serviceKey(call, cluster, serviceName), withComputedCountsTold(before, after, teller));
    }
    return { taskSet: taskSetView(tx, call, after, taskSet, { withTags: true }) };
  });
}

function requireExternalService(
  reader: Reader,
  input: { readonly cluster: string | undefined; readonly service: string | undefined },
  call: Call,
): ExternalService {
  const { name } = requireCluster(reader, call, input.cluster);
  const service = requireService(reader, call, name, input.service);
  const { taskSets } = service;
  if (taskSets === undefined)
    throw invalidParameter(
      'Amazon ECS only supports task set management on services configured to use external deployment controllers.',
    );
  return { ...service, taskSets };
}

function requireTaskSet({ taskSets }: ExternalService, identifier: string | undefined): TaskSetRecord {
  if (!identifier) throw invalidParameter('Task set identifier can not be blank.');
  const id = taskSetId(identifier);
  const found = taskSets.find(({ deployment }) => deployment.id === id);
  if (found === undefined)
    throw ecsRefusal('TaskSetNotFoundException', `The specified task set ${identifier} was not found.`);
  return found;
}

/** @throws InvalidParameterException it is being deleted. */
function requireLiveTaskSet(service: ExternalService, identifier: string | undefined): TaskSetRecord {
  const found = requireTaskSet(service, identifier);
  if (found.status === 'DRAINING')
    throw invalidParameter(`The task set ${found.deployment.id} is being deleted.`);
  return found;
}

function replaced(
  service: ExternalService,
  set: TaskSetRecord,
  by: (set: TaskSetRecord) => TaskSetRecord,
): Changed {
  const taskSet = by(set);
  const taskSets = service.taskSets.map((each) => (each === set ? taskSet : each));
  return { after: { ...service, taskSets }, taskSet };
}

function readScale(scale: Scale | undefined): number {
  const { value = 0, unit = 'PERCENT' } = scale ?? {};
  if (unit !== 'PERCENT') throw invalidParameter('The unit of scale should be one of [PERCENT].');
  if (!(value >= 0 && value <= 100)) throw invalidParameter('The value of scale must be between 0 and 100.');
  return value;
}

function readLaunchType(launchType: string | undefined): TaskSetRecord['launchType'] {
  switch (launchType) {
    case undefined:
      return 'EC2';
    case 'EC2':
    case 'EXTERNAL':
      return launchType;
    case 'FARGATE':
    case 'MANAGED_INSTANCES':
      throw unsupported(`The launch type ${launchType} of a task set`);
    default:
      throw invalidParameter('launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]');
  }
}

function refuseUnbuilt(input: CreateTaskSetCommandInput): void {
  if (input.capacityProviderStrategy?.length)
    throw unsupported('The parameter capacityProviderStrategy of a task set');
  if (input.platformVersion) throw unsupported('The parameter platformVersion of a task set');
}
