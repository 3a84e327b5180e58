import type {
  CreateDaemonCommandInput,
  CreateDaemonResponse,
  DaemonSummary,
  DeleteDaemonCommandInput,
  DeleteDaemonResponse,
  DescribeDaemonCommandInput,
  DescribeDaemonResponse,
  ListDaemonsCommandInput,
  ListDaemonsResponse,
  UpdateDaemonCommandInput,
  UpdateDaemonResponse,
} from '@aws-sdk/client-ecs';
import { hex } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { capacityProviderName, daemonArn, daemonHistoryArn, isName, type Scope } from '../arn.ts';
import { readClientToken } from '../client-token.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { clusterOfDaemons, readDaemonDeployment, readDaemonRevision } from '../daemons/input.ts';
import { deploymentOf, isUnderWay, requireActiveDaemon, requireDaemon } from '../daemons/lookup.ts';
import { daemonView } from '../daemons/view.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import {
  type DaemonDeploymentRecord,
  type DaemonRecord,
  daemonDeploymentKey,
  daemonDeployments,
  daemonKey,
  daemonRevisionKey,
  daemonRevisions,
  daemons,
} from '../records.ts';
import { requestHash } from '../request-hash.ts';
import { validateTags } from '../tags.ts';
import { requireAssumableRoles } from '../task-roles.ts';

const maxTokenLength = 36;

/** Makes a daemon; its first deployment replaces the instances that are without it. */
export async function createDaemon(
  ecs: EcsContext,
  input: CreateDaemonCommandInput,
  call: Call,
): Promise<CreateDaemonResponse> {
  const name = input.daemonName ?? '';
  if (!isName(name))
    throw invalidParameter(
      'Daemon names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );
  const clientToken = readClientToken(input.clientToken, maxTokenLength);
  const tags = validateTags(input.tags);
  const parametersHash = requestHash(input);
  const made = await ecs.state.transact((tx) => {
    const cluster = requireCluster(tx, call, clusterOfDaemons(call, input.clusterArn)).name;
    const before = tx.get(daemons, daemonKey(call, cluster, name));
    if (before !== undefined) {
      const isRepeated = clientToken !== undefined && before.clientToken === clientToken;
      if (isRepeated && before.parametersHash === parametersHash) return before;
      throw clientError(`A daemon with the name ${name} already exists in the cluster.`);
    }
    const configuration = readDaemonDeployment(input.deploymentConfiguration);
    const common = { name, cluster, status: 'ACTIVE', createdAt: call.now, parametersHash, tags } as const;
    return deploy(tx, ecs, call, { ...common, ...given('clientToken', clientToken) }, input, configuration);
  });
  return {
    ...{ daemonArn: daemonArn(call, made.cluster, name), status: made.status },
    ...{ createdAt: new Date(made.createdAt), deploymentArn: deploymentArnOf(call, made) },
  };
}

/** Another revision, whose deployment replaces the instances that have the one before, some at a time. */
export async function updateDaemon(
  ecs: EcsContext,
  input: UpdateDaemonCommandInput,
  call: Call,
): Promise<UpdateDaemonResponse> {
  const updated = await ecs.state.transact((tx) => {
    const before = requireActiveDaemon(tx, call, input.daemonArn);
    const configuration =
      input.deploymentConfiguration === undefined
        ? (deploymentOf(tx, call, before)?.configuration ?? readDaemonDeployment(undefined))
        : readDaemonDeployment(input.deploymentConfiguration);
    return deploy(tx, ecs, call, before, input, configuration);
  });
  return changed(call, updated);
}

/** Begins to end it: what has it is replaced, and then it is gone. */
export async function deleteDaemon(
  ecs: EcsContext,
  input: DeleteDaemonCommandInput,
  call: Call,
): Promise<DeleteDaemonResponse> {
  const deleted = await ecs.state.transact((tx) => {
    const before = requireActiveDaemon(tx, call, input.daemonArn);
    const { configuration = readDaemonDeployment(undefined) } = deploymentOf(tx, call, before) ?? {};
    const deploymentId = beginDeployment(tx, ecs, call, before, undefined, configuration);
    const after: DaemonRecord = {
      ...before,
      ...{ status: 'DELETE_IN_PROGRESS', updatedAt: call.now, deploymentId },
    };
    tx.put(daemons, daemonKey(call, before.cluster, before.name), after);
    return after;
  });
  return changed(call, deleted);
}

const changed = (scope: Scope, daemon: DaemonRecord) => ({
  ...{ daemonArn: daemonArn(scope, daemon.cluster, daemon.name), status: daemon.status },
  ...{ createdAt: new Date(daemon.createdAt), updatedAt: new Date(daemon.updatedAt) },
  deploymentArn: deploymentArnOf(scope, daemon),
});

const deploymentArnOf = (scope: Scope, { cluster, name, deploymentId }: DaemonRecord): string =>
  daemonHistoryArn(scope, 'daemon-deployment', { cluster, daemon: name, id: deploymentId });

function deploy(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  daemon: Omit<DaemonRecord, 'capacityProviders' | 'deploymentId' | 'revisionId' | 'updatedAt'> &
    Partial<DaemonRecord>,
  input: Omit<UpdateDaemonCommandInput, 'daemonArn'>,
  configuration: DaemonDeploymentRecord['configuration'],
): DaemonRecord {
  const { cluster, name } = daemon;
  const { definition, ...read } = readDaemonRevision(tx, call, cluster, input);
  requireAssumableRoles(ecs, call, { cluster, definition, overrides: { containerOverrides: [] } });
  const id = hex(ecs.random, 32);
  tx.put(daemonRevisions, daemonRevisionKey(call, cluster, name, id), {
    ...{ ...read, id, daemon: name, createdAt: call.now },
  });
  const after: DaemonRecord = {
    ...daemon,
    ...{ revisionId: id, capacityProviders: read.capacityProviders, updatedAt: call.now },
    deploymentId: beginDeployment(tx, ecs, call, daemon, id, configuration),
  };
  tx.put(daemons, daemonKey(call, cluster, name), after);
  return after;
}

/** One that is under way stops. @returns the new one's id. */
function beginDeployment(
  tx: Transaction,
  { random }: EcsContext,
  call: Call,
  daemon: Pick<DaemonRecord, 'cluster' | 'name'> & Partial<DaemonRecord>,
  targetRevisionId: string | undefined,
  configuration: DaemonDeploymentRecord['configuration'],
): string {
  const { cluster, name, deploymentId, revisionId } = daemon;
  const keyOf = (id: string) => daemonDeploymentKey(call, cluster, name, id);
  const current = deploymentId === undefined ? undefined : tx.get(daemonDeployments, keyOf(deploymentId));
  if (current !== undefined && isUnderWay(current))
    tx.put(daemonDeployments, keyOf(current.id), {
      ...current,
      ...{ status: 'STOPPED', stoppedAt: call.now, finishedAt: call.now },
      statusReason: 'The daemon deployment was superseded by a newer one.',
    });
  const id = hex(random, 32);
  tx.put(daemonDeployments, keyOf(id), {
    ...{ id, cluster, daemon: name, status: 'IN_PROGRESS', configuration, createdAt: call.now },
    ...{ failureCount: 0, triggeredAlarmNames: [] },
    ...{ ...given('targetRevisionId', targetRevisionId), ...given('sourceRevisionId', revisionId) },
  });
  return id;
}

export function describeDaemon(
  ecs: EcsContext,
  input: DescribeDaemonCommandInput,
  call: Call,
): DescribeDaemonResponse {
  return { daemon: daemonView(ecs.state, call, requireDaemon(ecs.state, call, input.daemonArn)) };
}

/** A cluster's daemons, by name; of some capacity providers only, where they are given. */
export function listDaemons(
  ecs: EcsContext,
  input: ListDaemonsCommandInput,
  call: Call,
): ListDaemonsResponse {
  const { name } = requireCluster(ecs.state, call, clusterOfDaemons(call, input.clusterArn));
  const providers = input.capacityProviderArns?.map(capacityProviderName);
  const found = ecs.state
    .byIndex(daemons, 'byCluster', `${call.accountId}/${call.region}/${name}`)
    .map(({ value }) => value)
    .filter(
      ({ capacityProviders }) =>
        providers === undefined || capacityProviders.some((each) => providers.includes(each)),
    );
  const { items, nextToken } = page(found, (daemon) => daemon.name, {
    ...{ maxResults: input.maxResults, nextToken: input.nextToken, defaultSize: 100, maxSize: 100 },
  });
  return {
    daemonSummariesList: items.map((daemon): DaemonSummary => {
      const { deploymentArn: _, ...summary } = changed(call, daemon);
      return summary;
    }),
    ...given('nextToken', nextToken),
  };
}
