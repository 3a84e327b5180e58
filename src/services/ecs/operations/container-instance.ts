import type {
  DeregisterContainerInstanceCommandInput,
  DeregisterContainerInstanceCommandOutput,
  DescribeContainerInstancesCommandInput,
  DescribeContainerInstancesCommandOutput,
  ListContainerInstancesCommandInput,
  ListContainerInstancesCommandOutput,
  RegisterContainerInstanceCommandInput,
  RegisterContainerInstanceCommandOutput,
  UpdateContainerAgentCommandInput,
  UpdateContainerInstancesStateCommandInput,
  UpdateContainerInstancesStateCommandOutput,
} from '@aws-sdk/client-ecs';
import { hex } from '../../../clock/index.ts';
import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterName, containerInstanceArn, containerInstanceId, isElsewhere, type Scope } from '../arn.ts';
import { hashOfToken, readClientToken } from '../client-token.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { startDaemonsOn } from '../deployment/start-daemons.ts';
import { registerEc2Instance } from '../ec2-instance.ts';
import { endInstance, instanceKey, liveTasksOf } from '../end-instance.ts';
import { clientError, ecsRefusal, invalidParameter } from '../errors.ts';
import { readInclude } from '../include.ts';
import { readRegistration, refreshedAttributes } from '../instance-registration.ts';
import { instanceView, runningTasksCount } from '../instance-view.ts';
import { asManagedInstance } from '../managed-instances/registered.ts';
import { page } from '../pagination.ts';
import { factsOf } from '../placement/instance.ts';
import { compileQuery, type Predicate, queryFault } from '../placement/query/index.ts';
import { type ContainerInstanceRecord, containerInstances, fargateHosts } from '../records.ts';
import { nothingUsed } from '../reservation.ts';

const maxTokenLength = 64;
const maxDescribed = 100;
const maxUpdated = 10;
const maxPage = 100;
const bare = { withTags: false, withHealth: false } as const;
const withTags = { withTags: true, withHealth: false } as const;

/**
 * Makes an agent's machine a container instance or, with its ARN, refreshes what is known of it; also with the
 * clientToken of an earlier registration, whose answer the agent may have missed. The answer carries every attribute
 * that was sent: agents check that before they go on.
 */
export async function registerContainerInstance(
  ecs: EcsContext,
  // Agents send a clientToken, though the SDK's shape has none.
  input: RegisterContainerInstanceCommandInput & { readonly clientToken?: string },
  call: Call,
): Promise<Omit<RegisterContainerInstanceCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  const { registration, machine } = readRegistration(scope, input);
  const cluster = clusterName(input.cluster);
  const token = readClientToken(input.clientToken, maxTokenLength);
  const idOfToken = token && hashOfToken(`${cluster} ${token}`).slice(0, 32);
  const put = (
    tx: Transaction,
    key: RecordKey,
    registered: ContainerInstanceRecord,
  ): ContainerInstanceRecord => {
    const record = asManagedInstance(tx, scope, registered);
    if (record.isManaged) {
      tx.put(containerInstances, key, record);
      return record;
    }
    if (machine !== undefined && cluster !== fargateHosts)
      registerEc2Instance(tx, ecs, scope, record, machine, call.now);
    tx.put(containerInstances, key, record);
    return record;
  };
  const instance = await transactInTurn(ecs, scope, cluster, (tx): ContainerInstanceRecord => {
    if (cluster !== fargateHosts) requireCluster(tx, scope, input.cluster);
    const identifier = input.containerInstanceArn || idOfToken;
    const key = identifier ? keyOfInstance(scope, cluster, identifier) : undefined;
    const known = key && tx.get(containerInstances, key);
    if (input.containerInstanceArn && known === undefined)
      throw clientError(`The container instance ${input.containerInstanceArn} was not found.`);
    if (key && known) {
      if (known.status === 'INACTIVE')
        throw clientError(`The container instance ${identifier} was deregistered.`);
      const { tags: _sentAtFirstOnly, ...refreshed } = registration;
      const after: ContainerInstanceRecord = {
        ...known,
        ...refreshed,
        attributes: refreshedAttributes(known, registration),
        version: known.version + 1,
      };
      return put(tx, key, after);
    }
    const id = idOfToken ?? hex(ecs.random, 32);
    const created: ContainerInstanceRecord = {
      id,
      cluster,
      status: 'ACTIVE',
      version: 1,
      registeredAt: call.now,
      agentConnected: false,
      used: nothingUsed,
      taskCount: 0,
      groups: [],
      seqNum: 0,
      ...registration,
    };
    return put(tx, instanceKey(scope, cluster, id), created);
  });
  return { containerInstance: instanceView(ecs.state, scope, instance, withTags) };
}

/**
 * Ends an instance's membership. With tasks on it only by `force`: then ECS forgets them and they may well run
 * on.
 */
export async function deregisterContainerInstance(
  ecs: EcsContext,
  input: DeregisterContainerInstanceCommandInput,
  call: Call,
): Promise<Omit<DeregisterContainerInstanceCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  const identifier = input.containerInstance ?? '';
  const cluster = clusterName(input.cluster);
  const instance = await transactInTurn(ecs, scope, cluster, (tx) => {
    requireCluster(tx, scope, input.cluster);
    const key = keyOfInstance(scope, cluster, identifier);
    const known = key && tx.get(containerInstances, key);
    if (key === undefined || known === undefined)
      throw invalidParameter(`Referenced container instance ${identifier} not found.`);
    if (known.status === 'INACTIVE') return known;
    if (!input.force && liveTasksOf(tx, scope, known).length > 0)
      throw invalidParameter('Found running tasks on the instance.');
    return endInstance(tx, scope, known, call.now);
  });
  return { containerInstance: instanceView(ecs.state, scope, instance, bare) };
}

/** Up to a hundred instances; those unknown are told as MISSING. */
export function describeContainerInstances(
  ecs: EcsContext,
  input: DescribeContainerInstancesCommandInput,
  call: Call,
): Omit<DescribeContainerInstancesCommandOutput, '$metadata'> {
  const scope: Scope = call;
  const { name } = requireCluster(ecs.state, scope, input.cluster);
  const identifiers = input.containerInstances ?? [];
  if (identifiers.length === 0) throw invalidParameter('Container instances cannot be empty.');
  if (identifiers.length > maxDescribed)
    throw invalidParameter(`Container instances can have at most ${maxDescribed} items.`);
  const include = readInclude(input.include, ['TAGS', 'CONTAINER_INSTANCE_HEALTH']);
  const options = {
    withTags: include.has('TAGS'),
    withHealth: include.has('CONTAINER_INSTANCE_HEALTH'),
  };

  const found: ContainerInstanceRecord[] = [];
  const missing: string[] = [];
  for (const identifier of new Set(identifiers)) {
    const key = keyOfInstance(scope, name, identifier);
    const instance = key && ecs.state.get(containerInstances, key);
    if (instance) found.push(instance);
    else missing.push(arnOf(scope, name, identifier));
  }
  return {
    containerInstances: found.map((instance) => instanceView(ecs.state, scope, instance, options)),
    failures: missing.map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

/** The ARNs of a cluster's instances: of all that are not INACTIVE, or of those in one status. */
export function listContainerInstances(
  ecs: EcsContext,
  input: ListContainerInstancesCommandInput,
  call: Call,
): Omit<ListContainerInstancesCommandOutput, '$metadata'> {
  const scope: Scope = call;
  const { name } = requireCluster(ecs.state, scope, input.cluster);
  const filter = readFilter(input.filter);
  const { status } = input;
  if (status !== undefined && !listableStatuses.includes(status))
    throw invalidParameter(`status should be one of [${listableStatuses}].`);

  const listed = ecs.state
    .byIndex(containerInstances, 'byCluster', `${scope.accountId}/${scope.region}/${name}`)
    .map(({ value }) => value)
    .filter((instance) =>
      status === undefined ? instance.status !== 'INACTIVE' : instance.status === status,
    )
    .filter(
      (instance) =>
        filter === undefined ||
        filter(factsOf(instance, () => runningTasksCount(ecs.state, scope, instance))),
    );
  const { items, nextToken } = page(listed, ({ id }) => id, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: maxPage,
    maxSize: maxPage,
  });
  return {
    containerInstanceArns: items.map(({ id }) => containerInstanceArn(scope, name, id)),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** @throws InvalidParameterException saying what is wrong with it, and where. */
function readFilter(filter: string | undefined): Predicate | undefined {
  if (!filter) return undefined;
  const fault = queryFault(filter);
  if (fault !== undefined)
    throw invalidParameter(`The filter '${filter.slice(0, 200)}' is not valid: ${fault}.`);
  return compileQuery(filter);
}

const listableStatuses: readonly string[] = [
  'ACTIVE',
  'DEREGISTERING',
  'DRAINING',
  'REGISTERING',
  'REGISTRATION_FAILED',
];

/** ACTIVE instances get tasks, DRAINING ones none: services move theirs away. */
export async function updateContainerInstancesState(
  ecs: EcsContext,
  input: UpdateContainerInstancesStateCommandInput,
  call: Call,
): Promise<Omit<UpdateContainerInstancesStateCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  const identifiers = [...new Set(input.containerInstances ?? [])];
  const { status } = input;
  if (status !== 'ACTIVE' && status !== 'DRAINING')
    throw invalidParameter(`Container instance status should be one of [ACTIVE,DRAINING].`);
  if (identifiers.length === 0) throw invalidParameter('Container instances cannot be empty.');
  if (identifiers.length > maxUpdated)
    throw invalidParameter(`Container instances can have at most ${maxUpdated} items.`);
  const cluster = clusterName(input.cluster);

  const { updated, failures } = await transactInTurn(ecs, scope, cluster, (tx) => {
    requireCluster(tx, scope, input.cluster);
    const updated: ContainerInstanceRecord[] = [];
    const failures: { arn: string; reason: string }[] = [];
    for (const identifier of identifiers) {
      const key = keyOfInstance(scope, cluster, identifier);
      const known = key && tx.get(containerInstances, key);
      if (key === undefined || known === undefined || known.status === 'INACTIVE') {
        failures.push({
          arn: arnOf(scope, cluster, identifier),
          reason: known === undefined ? 'MISSING' : 'INACTIVE',
        });
        continue;
      }
      const after = known.status === status ? known : { ...known, status, version: known.version + 1 };
      if (after !== known) tx.put(containerInstances, key, after);
      if (after !== known && status === 'ACTIVE') startDaemonsOn(tx, ecs, scope, after);
      updated.push(after);
    }
    return { updated, failures };
  });
  return {
    containerInstances: updated.map((instance) => instanceView(ecs.state, scope, instance, bare)),
    failures,
  };
}

/**
 * Agents come with the installation that they belong to and are updated with it, so there is never an update for
 * one of them.
 * @throws NoUpdateAvailableException for every instance; MissingVersionException when its agent has not told its
 * version.
 */
export function updateContainerAgent(
  ecs: EcsContext,
  input: UpdateContainerAgentCommandInput,
  call: Call,
): never {
  const identifier = input.containerInstance ?? '';
  const { name } = requireCluster(ecs.state, call, input.cluster);
  const key = keyOfInstance(call, name, identifier);
  const instance = key && ecs.state.get(containerInstances, key);
  if (instance === undefined || instance.status === 'INACTIVE')
    throw invalidParameter(`Referenced container instance ${identifier} not found.`);
  if (instance.versionInfo.agentVersion === undefined)
    throw ecsRefusal(
      'MissingVersionException',
      `The agent of container instance ${instance.id} has not told its version.`,
    );
  throw ecsRefusal(
    'NoUpdateAvailableException',
    `There is no update for the agent of container instance ${instance.id}: agents are updated with the installation.`,
  );
}

/** A container instance parameter to its record's key; undefined for one of another cluster, account or region. */
function keyOfInstance(scope: Scope, cluster: string, identifier: string): RecordKey | undefined {
  const id = containerInstanceId(identifier);
  if (isElsewhere(identifier, scope, cluster)) return undefined;
  return instanceKey(scope, cluster, id);
}

function arnOf(scope: Scope, cluster: string, identifier: string): string {
  return identifier.startsWith('arn:')
    ? identifier
    : containerInstanceArn(scope, cluster, containerInstanceId(identifier));
}
