import type { DeploymentConfiguration } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { elbKey, listeners, targetGroups } from '../../elbv2/records.ts';
import { continueServiceDeployment, stopServiceDeployment } from '../operations/service-deployment.ts';
import { stopTask } from '../operations/task.ts';
import type { TaskRecord } from '../records.ts';
import type { FleetOptions } from '../testing/fleet.ts';
import { scope } from '../testing/room.ts';
import { infrastructureRole, openShifted, type Shifted } from '../testing/shifted.ts';
import { addTargetGroup } from '../testing/target-group.ts';

/** What goes wrong around a shift of traffic, and may not cost what traffic goes to. */

async function openDone(
  configuration: DeploymentConfiguration = {},
  options: FleetOptions = {},
): Promise<Shifted> {
  const world = await openShifted(options);
  await world.create(configuration);
  await world.until(() => isOver(world));
  return world;
}

const isOver = ({ balanced: { fleet } }: Shifted): boolean => fleet.deployment().finishedAt !== undefined;

const isIn = (world: Shifted, stage: string): boolean =>
  !isOver(world) && world.balanced.fleet.deployment().lifecycleStage === stage;

const roll = ({ balanced: { fleet } }: Shifted, deploymentConfiguration: DeploymentConfiguration = {}) =>
  fleet.update({ taskDefinition: 'next:1', deploymentConfiguration });

const stop = ({ balanced: { fleet } }: Shifted, stopType: 'ROLLBACK' | 'ABORT') =>
  stopServiceDeployment(
    fleet.room.ecs,
    { serviceDeploymentArn: fleet.deployment().serviceDeploymentArn, stopType },
    fleet.room.call,
  );

const pauseAt = (stage: 'PRE_SCALE_UP' | 'POST_SCALE_UP'): DeploymentConfiguration => ({
  lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: [stage] }],
});

const targetsIn = (world: Shifted, group: string): number =>
  world.placesOfTargets().filter((place) => place === group).length;

describe('a shift of traffic', () => {
  it('leaves the tasks that traffic goes to, where traffic cannot be taken back from them', async () => {
    await using world = await openDone({
      strategy: 'CANARY',
      canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 60 },
    });
    const { fleet } = world.balanced;
    await roll(world);
    await world.until(() => world.production() === '1:10 2:90');
    fleet.room.untrustedRoles.add(infrastructureRole);
    await fleet.update({ taskDefinition: 'web:1' });
    await world.until(() => isOver(world));
    expect(fleet.deployment().status).toBe('ROLLBACK_FAILED');
    await fleet.room.ecs.clock.advance(600_000);
    expect(world.production()).toBe('1:10 2:90');
    expect(world.placesOfTargets().toSorted()).toEqual(['1', '1', '2', '2']);
    // Of the one that traffic goes back to tasks are replaced all the same, as soon as there is a next one.
    fleet.room.untrustedRoles.delete(infrastructureRole);
    await fleet.update({ taskDefinition: 'next:1' });
    await fleet.until(() => world.production() === '1:0 2:100', 1_000);
    await world.until(() => world.production() === '1:10 2:90');
  });

  it('goes back when the circuit breaker trips, also where its service has no tasks to go back to', async () => {
    const cannotStart = ({ taskDefinition: { family } }: TaskRecord): boolean => family === 'next';
    await using world = await openDone({}, { cannotStart });
    const { fleet } = world.balanced;
    const deploymentCircuitBreaker = { enable: true, rollback: true };
    await roll(world, { deploymentCircuitBreaker });
    const serving: number[] = [];
    await world.until(() => {
      serving.push(targetsIn(world, '2'));
      return isOver(world);
    }, 3_600_000);
    const back = {
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
    };
    expect(fleet.deployment()).toMatchObject(back);
    expect([Math.min(...serving), targetsIn(world, '2')]).toEqual([2, 2]);
    expect(world.production()).toBe('1:0 2:100');
    await fleet.update({ desiredCount: 0 });
    await world.until(() => fleet.live().length === 0);
    await fleet.update({ taskDefinition: 'next:1', desiredCount: 2 });
    await world.until(() => isOver(world), 3_600_000);
    expect(fleet.deployment()).toMatchObject(back);
    expect(world.production()).toBe('1:0 2:100');
    expect(fleet.live().map(({ taskDefinition: { family } }) => family)).toEqual(['web', 'web']);
  });

  it('fails where one of its target groups is no more its load balancer’s', async () => {
    await using world = await openDone();
    const { fleet } = world.balanced;
    await roll(world, pauseAt('POST_SCALE_UP'));
    await world.until(() => isIn(world, 'POST_SCALE_UP'));
    const [first] = world.groups;
    await fleet.room.write((tx) => {
      for (const { key, value } of tx.list(listeners)) {
        const action = { type: 'forward' as const, targetGroups: [{ arn: first, weight: 1 }] };
        tx.put(listeners, key, { ...value, rules: value.rules.map((rule) => ({ ...rule, action })) });
      }
      const key = elbKey(targetGroups, scope, '0000000000000002');
      const group = tx.get(targetGroups, key);
      if (group !== undefined)
        tx.put(targetGroups, key, { ...group, use: { loadBalancerArn: 'arn:another', listenerCount: 1 } });
    });
    const { serviceDeploymentArn, lifecycleHookDetails: [hook] = [] } = fleet.deployment();
    await continueServiceDeployment(
      fleet.room.ecs,
      { serviceDeploymentArn, hookId: hook?.hookId },
      fleet.room.call,
    );
    await world.until(() => fleet.deployment().status === 'ROLLBACK_IN_PROGRESS');
    expect(fleet.deployment().statusReason).toContain(
      `productionListenerRule ${world.rules.productionListenerRule} can't be changed. `,
    );
  });

  it('keeps up what has the traffic, though that was given up', async () => {
    await using world = await openShifted();
    const { fleet } = world.balanced;
    await world.create({ bakeTimeInMinutes: 30 });
    await world.until(() => isIn(world, 'BAKE_TIME'));
    await stop(world, 'ABORT');
    await world.until(() => isOver(world));
    await roll(world, pauseAt('PRE_SCALE_UP'));
    await world.until(() => isIn(world, 'PRE_SCALE_UP'));
    const before = fleet.live().map(({ id }) => id);
    for (const task of before) await stopTask(fleet.room.ecs, { task }, fleet.room.call);
    const isNew = ({ id, lastStatus }: TaskRecord): boolean =>
      lastStatus === 'RUNNING' && !before.includes(id);
    await world.until(() => fleet.live().filter(isNew).length === 2);
    expect(isIn(world, 'PRE_SCALE_UP')).toBe(true);
  });

  it('begins in the middle of a rolling update without a moment that nobody serves', async () => {
    await using world = await openDone({ strategy: 'ROLLING' });
    const { fleet } = world.balanced;
    await roll(world, { bakeTimeInMinutes: 30 });
    await world.until(() => fleet.live().every(({ taskDefinition: { family } }) => family === 'next'));
    await fleet.update({ taskDefinition: 'web:1', deploymentConfiguration: { strategy: 'BLUE_GREEN' } });
    const serving: number[] = [];
    await world.until(() => {
      if (world.production() !== '1:0 2:100') serving.push(targetsIn(world, '1'));
      return isIn(world, 'BAKE_TIME');
    });
    expect(Math.min(...serving)).toBeGreaterThan(0);
    expect(world.production()).toBe('1:0 2:100');
    await stop(world, 'ROLLBACK');
    await world.until(() => isOver(world));
    expect(world.production()).toBe('1:100 2:0');
    expect(targetsIn(world, '1')).toBe(2);
  });
});

describe('a PAUSE hook', () => {
  it('is not answered any more once its deployment is rolled back', async () => {
    await using world = await openDone();
    const { fleet } = world.balanced;
    await roll(world, pauseAt('POST_SCALE_UP'));
    await world.until(() => isIn(world, 'POST_SCALE_UP'));
    const { serviceDeploymentArn, lifecycleHookDetails: [hook] = [] } = fleet.deployment();
    await stop(world, 'ROLLBACK');
    expect(isOver(world)).toBe(false);
    const asked = { serviceDeploymentArn, hookId: hook?.hookId };
    await expect(continueServiceDeployment(fleet.room.ecs, asked, fleet.room.call)).rejects.toThrow(
      /^Provided hookId is either completed/,
    );
  });

  it('is of one service: no other one takes its groups or its rules', async () => {
    await using world = await openDone();
    const { fleet, create } = world.balanced;
    const [own, alternate] = world.groups;
    const place = { containerName: 'app', containerPort: 80 };
    const rolled = { deploymentConfiguration: { strategy: 'ROLLING' as const } };
    const refused = /is used by the service web of the cluster default/;
    await expect(world.create({}, { serviceName: 'other' })).rejects.toThrow(refused);
    for (const arn of [own, alternate]) {
      const loadBalancers = [{ targetGroupArn: arn, ...place }];
      await expect(create({ ...rolled, serviceName: 'other', loadBalancers })).rejects.toThrow(refused);
    }
    // Those that are rolled out share a group.
    const free = await fleet.room.write((tx) => addTargetGroup(tx, scope, { id: '0000000000000003' }));
    for (const serviceName of ['one', 'two'])
      await create({ ...rolled, serviceName, loadBalancers: [{ targetGroupArn: free, ...place }] });
  });
});
