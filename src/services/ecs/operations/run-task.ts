import type { RunTaskCommandInput, RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import { type RecordKey, recordKey, type Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterName, type Scope, taskArn } from '../arn.ts';
import { launchWithCapacity } from '../capacity/launch-by-strategy.ts';
import { readCapacity } from '../capacity/read-capacity.ts';
import { hashOfToken, readClientToken } from '../client-token.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';
import {
  readCommonLaunch,
  refusePlacementOnFargate,
  requireCompatible,
  requireFargateSize,
  requireStorageOnFargate,
} from '../launch-input.ts';
import { requirePublicIpOnFargate } from '../network-configuration.ts';
import { readPlacementConstraints, readPlacementStrategy } from '../placement-rules.ts';
import { runTaskTokens, type TaskRecord, tasks } from '../records.ts';
import { requestHash } from '../request-hash.ts';
import { type LaunchPlan, noContainerInstances } from '../task-launch.ts';
import { taskView } from '../task-view.ts';

const maxCount = 10;
const maxStartedByLength = 128;
const maxTokenLength = 64;

/**
 * Launches up to ten tasks wherever they fit. What fits nowhere is told in `failures`, not thrown; a request
 * repeated with its clientToken is answered with the tasks that the first made.
 */
export async function runTask(
  ecs: EcsContext,
  input: RunTaskCommandInput,
  call: Call,
): Promise<Omit<RunTaskCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  const count = readCount(input.count);
  const token = readClientToken(input.clientToken, maxTokenLength);
  const cluster = clusterName(input.cluster);

  const plan = await transactInTurn(ecs, scope, cluster, (tx): LaunchPlan => {
    const common = readCommonLaunch(tx, ecs, scope, input, { maxStartedByLength, now: call.now });
    const { launchType, capacityProviderStrategy } = readCapacity(
      tx,
      scope,
      requireCluster(tx, scope, input.cluster),
      input,
    );
    requireCompatible(common.definition, launchType);
    requireStorageOnFargate(launchType, common.overrides);
    requirePublicIpOnFargate(launchType, common.network);
    refusePlacementOnFargate(launchType, input);
    if (launchType === 'FARGATE') requireFargateSize(common.definition, common.overrides);
    const request = {
      ...common,
      count,
      launchType,
      placementStrategy: readPlacementStrategy(input.placementStrategy),
      placementConstraints: readPlacementConstraints([
        ...(common.definition.definition.placementConstraints ?? []),
        ...(input.placementConstraints ?? []),
      ]),
    };
    const launch = () => launchWithCapacity(tx, ecs, request, capacityProviderStrategy);
    if (token === undefined) return launch();

    const tokenKey = recordKey(runTaskTokens, scope.accountId, scope.region, cluster, hashOfToken(token));
    const parametersHash = requestHash(input);
    const made = tasksOfToken(tx, scope, cluster, tokenKey, parametersHash);
    if (made) return { tasks: made, failures: [] };
    const launched = launch();
    // A launch without a task has done nothing that a retry could double.
    if (launched.tasks.length > 0)
      tx.put(runTaskTokens, tokenKey, {
        parametersHash,
        taskIds: launched.tasks.map(({ id }) => id),
        createdAt: call.now,
      });
    return launched;
  });

  if (plan.failures.some(({ reason }) => reason === noContainerInstances))
    throw invalidParameter(noContainerInstances);
  return {
    tasks: plan.tasks.map((task) => taskView(ecs.state, scope, task, { withTags: true })),
    failures: plan.failures.map((failure) => ({ ...failure })),
  };
}

/** The tasks that a token has made, as they are now; undefined when it is new. @throws ConflictException */
function tasksOfToken(
  tx: Transaction,
  scope: Scope,
  cluster: string,
  tokenKey: RecordKey,
  parametersHash: string,
): readonly TaskRecord[] | undefined {
  const known = tx.get(runTaskTokens, tokenKey);
  if (known === undefined) return undefined;
  if (known.parametersHash !== parametersHash)
    throw ecsRefusal('ConflictException', 'The clientToken was used before with different parameters.', {
      resourceIds: known.taskIds.map((id) => taskArn(scope, cluster, id)),
    });
  return known.taskIds.flatMap((id) => {
    const task = tx.get(tasks, recordKey(tasks, scope.accountId, scope.region, cluster, id));
    return task === undefined ? [] : [task];
  });
}

function readCount(count: number | undefined): number {
  if (count === undefined) return 1;
  if (!Number.isInteger(count) || count < 1 || count > maxCount)
    throw invalidParameter(`Invalid count: ${count}. It must be between 1 and ${maxCount}.`);
  return count;
}
