import { isDeepStrictEqual } from 'node:util';
import type { DescribeContainerInstancesCommandOutput } from '@aws-sdk/client-ecs';
import type { Clock } from '../../src/clock/index.ts';
import { fargateHosts } from '../../src/services/ecs/index.ts';
import { fail } from './broken-rule.ts';
import { checkSplits } from './capacity-rules.ts';
import { arnOfKey, clusterOfKey, keyOfArn } from './records.ts';
import { type SettledWorld, settled } from './settled.ts';

/** A world in which nothing goes wrong any more. */
export interface CalmWorld extends SettledWorld {
  readonly clock: Clock;
  /** Rejects when a rule was broken meanwhile. */
  readonly advance: (ms: number) => Promise<void>;
  /** Goes on by itself; what it throws ends the run. */
  readonly begin: (work: Promise<void>) => void;
}

/**
 * After the last fault: the longest pauses of schedulers, and what clocks may be off. Less than the half hour after
 * which agents connect anew, which would mend what should not have needed it.
 */
const restWithinMs = 28 * 60_000;
const lookEveryMs = 10_000;
/** Beside a task's stop timeouts: the way to its agent, a slow engine, and back. */
const interruptionTakesMs = 20_000;
/** Fargate's containers have no longer to stop. */
const longestStopMs = 120_000;

/**
 * Everything becomes as it is wanted; also after Spot's capacity was taken back and, if it `endsEmpty`, after nothing is
 * wanted any more.
 */
export async function comeToRest(world: CalmWorld, endsEmpty: boolean): Promise<void> {
  await settle(world);
  checkSplits(world.records);
  if (world.users.spotTasks.length > 0) {
    await reclaimSpot(world);
    await settle(world);
    checkSplits(world.records);
  }
  if (!endsEmpty) return;
  world.begin(world.users.stopEverything());
  await settle(world);
  for (const [key, { lastStatus }] of world.records.tasks)
    if (lastStatus !== 'STOPPED') fail('nothing is left behind', `${arnOfKey(key)} is ${lastStatus}`);
  for (const [key, { status }] of world.records.instances)
    if (status !== 'INACTIVE' && clusterOfKey(key) !== fargateHosts) await checkRoom(world, key);
}

async function settle(world: CalmWorld): Promise<void> {
  const deadlineMs = world.clock.monotonic() + restWithinMs;
  for (;;) {
    await world.advance(lookEveryMs);
    let restless = settled(world);
    if (restless.length === 0) {
      await world.advance(2 * 60_000);
      restless = settled(world);
      if (restless.length === 0) return;
    }
    if (world.clock.monotonic() > deadlineMs)
      fail('everything comes to rest as it is wanted', restless.slice(0, 10).join('; '));
  }
}

/** All Spot tasks are interrupted, and each ends in the time that its containers have for it. */
async function reclaimSpot(world: CalmWorld): Promise<void> {
  const { clock, records, users } = world;
  const began = clock.monotonic();
  const dueMs = new Map(
    users.spotTasks.map((arn) => [arn, began + interruptionTakesMs + stopMs(world, arn)]),
  );
  world.begin(users.reclaimSpot());
  while (dueMs.size > 0 || users.isBusy) {
    await world.advance(1_000);
    for (const [arn, due] of dueMs) {
      if (records.tasks.get(keyOfArn(arn))?.lastStatus === 'STOPPED') dueMs.delete(arn);
      else if (clock.monotonic() > due)
        fail('an interrupted task ends in its stop timeout', `${arn}: ${clock.monotonic() - began} ms`);
    }
  }
}

function stopMs({ records }: CalmWorld, arn: string): number {
  const task = records.tasks.get(keyOfArn(arn));
  const containers = (task && records.definitionOf(task)?.definition.containerDefinitions) ?? [];
  const seconds = containers.reduce((sum, { stopTimeout = 30 }) => sum + stopTimeout, 0);
  return Math.min(seconds * 1_000, longestStopMs);
}

/** With no task left, all of an instance is free: what its tasks had, and what was borrowed from it. */
async function checkRoom({ plane }: CalmWorld, key: string): Promise<void> {
  const described = (await plane.serve('DescribeContainerInstances', {
    cluster: clusterOfKey(key),
    containerInstances: [arnOfKey(key)],
  })) as DescribeContainerInstancesCommandOutput;
  for (const { remainingResources, registeredResources } of described.containerInstances ?? [])
    if (!isDeepStrictEqual(remainingResources, registeredResources))
      fail(
        'what tasks had is given back',
        `${key}: ${JSON.stringify(remainingResources)} of ${JSON.stringify(registeredResources)}`,
      );
}
