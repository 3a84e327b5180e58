import type { DeploymentLifecycleHookStage } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { continueServiceDeployment, stopServiceDeployment } from '../operations/service-deployment.ts';
import { describeServiceRevisions } from '../operations/service-revision.ts';
import { stopTask } from '../operations/task.ts';
import { scope } from '../testing/room.ts';
import { infrastructureRole, openShifted, type Shifted } from '../testing/shifted.ts';
import { addNetworkListener, addTargetGroup, weightsOfRule } from '../testing/target-group.ts';

const { fleetOf, isOver, isIn } = {
  fleetOf: ({ balanced }: Shifted) => balanced.fleet,
  isOver:
    ({ balanced: { fleet } }: Shifted) =>
    () =>
      fleet.deployment().finishedAt !== undefined,
  isIn:
    ({ balanced: { fleet } }: Shifted, stage: string) =>
    () =>
      fleet.deployment().lifecycleStage === stage && fleet.deployment().finishedAt === undefined,
};

const wholeWay = [
  'PRE_SCALE_UP 0',
  'SCALE_UP 0',
  'POST_SCALE_UP 0',
  'TEST_TRAFFIC_SHIFT 0',
  'POST_TEST_TRAFFIC_SHIFT 0',
  'PRE_PRODUCTION_TRAFFIC_SHIFT 0',
  'PRODUCTION_TRAFFIC_SHIFT 100',
  'POST_PRODUCTION_TRAFFIC_SHIFT 100',
  'BAKE_TIME 100',
  'CLEAN_UP 100',
].join(', ');

/** A service that its first deployment has come to the end of the way: its tasks are in the second group. */
async function openBlue(...[configuration]: Parameters<Shifted['create']>): Promise<Shifted> {
  const world = await openShifted();
  await world.create(configuration);
  await world.until(isOver(world));
  expect(world.balanced.fleet.deployment().status).toBe('SUCCESSFUL');
  return world;
}

async function roll(world: Shifted): Promise<void> {
  await fleetOf(world).update({ taskDefinition: 'next:1' });
}

async function stop(world: Shifted, stopType: 'ROLLBACK' | 'ABORT'): Promise<void> {
  const { room, deployment } = fleetOf(world);
  const { serviceDeploymentArn } = deployment();
  await stopServiceDeployment(room.ecs, { serviceDeploymentArn, stopType }, room.call);
}

/** What each revision has: of tasks, of production traffic, of test traffic; the target first. */
function shares(world: Shifted): string {
  const { targetServiceRevision, sourceServiceRevisions = [] } = fleetOf(world).deployment();
  return [targetServiceRevision, ...sourceServiceRevisions]
    .map(
      (revision) =>
        `${revision?.runningTaskCount} ${revision?.requestedProductionTrafficWeight} ${revision?.requestedTestTrafficWeight}`,
    )
    .join(' | ');
}

describe('a service with the strategy BLUE_GREEN', () => {
  it('goes through every stage, and takes turns in its target groups', async () => {
    await using world = await openBlue();
    expect(world.production()).toBe('1:0 2:100');
    expect(world.test()).toBe('1:0 2:100');
    expect(world.placesOfTargets()).toEqual(['2', '2']);
    await roll(world);
    await world.until(isOver(world));
    expect(world.trails()).toEqual([wholeWay, wholeWay]);
    expect(world.production()).toBe('1:100 2:0');
    expect(world.test()).toBe('1:100 2:0');
    expect(world.placesOfTargets()).toEqual(['1', '1']);
    expect(fleetOf(world).deployment()).toMatchObject({ status: 'SUCCESSFUL', lifecycleStage: 'CLEAN_UP' });
    expect(shares(world)).toBe('2 100 100 | 0 0 0');
    expect(fleetOf(world).describe()).toMatchObject({
      deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 },
      currentServiceRevisions: [{ requestedProductionTrafficWeight: 100, runningTaskCount: 2 }],
      loadBalancers: [
        {
          targetGroupArn: world.groups[0],
          advancedConfiguration: { ...world.rules, alternateTargetGroupArn: world.groups[1] },
        },
      ],
    });
    const { targetServiceRevision } = fleetOf(world).deployment();
    const { room } = fleetOf(world);
    const asked = { serviceRevisionArns: [targetServiceRevision?.arn ?? ''] };
    expect(describeServiceRevisions(room.ecs, asked, room.call).serviceRevisions).toMatchObject([
      {
        resolvedConfiguration: {
          loadBalancers: [
            {
              targetGroupArn: world.groups[0],
              productionListenerRule: world.rules.productionListenerRule,
            },
          ],
        },
      },
    ]);
  });

  it('shifts what a network load balancer’s listener sends, which is named itself', async () => {
    await using world = await openShifted();
    const { fleet } = world.balanced;
    const [targetGroupArn, alternateTargetGroupArn] = world.groups;
    const listenerArn = await fleet.room.write((tx) => {
      for (const id of ['0000000000000001', '0000000000000002'])
        addTargetGroup(tx, scope, { id, delaySeconds: 5, type: 'network' });
      return addNetworkListener(tx, scope, world.groups);
    });
    const advancedConfiguration = {
      ...{ alternateTargetGroupArn, productionListenerRule: listenerArn, roleArn: infrastructureRole },
    };
    const place = { targetGroupArn, containerName: 'app', containerPort: 80 };
    const canary = { strategy: 'CANARY' as const, canaryConfiguration: { canaryPercent: 12.5 } };
    await world.create(canary, { loadBalancers: [{ ...place, advancedConfiguration }] });
    await world.until(isOver(world));
    const sent = () =>
      weightsOfRule(
        fleet.room.ecs.state,
        `${listenerArn.replace(':listener/', ':listener-rule/')}/d000000000000009`,
      );
    expect([fleet.deployment().status, sent()]).toEqual(['SUCCESSFUL', '1:0 2:100']);
    await roll(world);
    await world.until(() => sent() === '1:125 2:875');
    await world.until(isOver(world), 900_000);
    expect([fleet.deployment().status, sent()]).toEqual(['SUCCESSFUL', '1:100 2:0']);
  });

  it('keeps both deployments whole through the bake time, and then stops the older one', async () => {
    await using world = await openBlue();
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { bakeTimeInMinutes: 5 },
    });
    await world.until(isIn(world, 'BAKE_TIME'));
    expect(shares(world)).toBe('2 100 100 | 2 0 0');
    // One that goes in this time is replaced, whichever deployment it is of.
    const { room, live } = fleetOf(world);
    for (const { id } of live()) await stopTask(room.ecs, { task: id }, room.call);
    await world.until(() => shares(world) === '0 100 100 | 0 0 0');
    await world.until(() => shares(world) === '2 100 100 | 2 0 0');
    expect(isIn(world, 'BAKE_TIME')()).toBe(true);
    const startedAt = fleetOf(world).deployment().startedAt?.getTime() ?? 0;
    await world.until(isOver(world), 330_000);
    expect(room.ecs.clock.now() - startedAt).toBeGreaterThan(300_000);
    expect(shares(world)).toBe('2 100 100 | 0 0 0');
  });

  it('sends no traffic to tasks that the balancer finds unhealthy', async () => {
    await using world = await openBlue();
    await roll(world);
    await fleetOf(world).until(() => world.placesOfTargets().length === 4);
    await fleetOf(world).room.ecs.clock.advance(3_600_000);
    expect(fleetOf(world).deployment().lifecycleStage).toBe('SCALE_UP');
    expect(world.production()).toBe('1:0 2:100');
  });

  it('rolls back during the bake time by StopServiceDeployment: traffic goes back, then the new tasks stop', async () => {
    await using world = await openBlue();
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { bakeTimeInMinutes: 30 },
    });
    await world.until(isIn(world, 'BAKE_TIME'));
    expect(world.production()).toBe('1:100 2:0');
    await stop(world, 'ROLLBACK');
    await fleetOf(world).until(() => world.production() === '1:0 2:100', 1_000);
    await world.until(isOver(world));
    expect(fleetOf(world).deployment()).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason: 'Service deployment rolled back because the user requested it.',
    });
    expect(shares(world)).toBe('0 0 0 | 2 100 100');
    expect(world.test()).toBe('1:0 2:100');
    expect(world.placesOfTargets()).toEqual(['2', '2']);
    expect(world.trails()[1]?.split(', ').slice(-4)).toEqual([
      'BAKE_TIME 100',
      'PRODUCTION_TRAFFIC_SHIFT 0',
      'TEST_TRAFFIC_SHIFT 0',
      'CLEAN_UP 0',
    ]);
    // The next one goes the way that this one was to go.
    const quickly = { deploymentConfiguration: { bakeTimeInMinutes: 0 } };
    await fleetOf(world).update({ taskDefinition: 'next:1', ...quickly });
    await world.until(isOver(world));
    expect(world.production()).toBe('1:100 2:0');
  });

  it('rolls back by an alarm', async () => {
    await using world = await openBlue();
    const { room } = fleetOf(world);
    room.alarms.set('slow', { state: 'OK', evaluationMs: 60_000 });
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { alarms: { alarmNames: ['slow'], enable: true, rollback: true } },
    });
    await world.until(isIn(world, 'BAKE_TIME'));
    room.alarms.set('slow', { state: 'ALARM', evaluationMs: 60_000 });
    await world.until(isOver(world));
    expect(fleetOf(world).deployment().statusReason).toBe(
      'Service deployment rolled back because an alarm was detected.',
    );
    expect(world.production()).toBe('1:0 2:100');
  });

  it('leaves both as they are when it is aborted, and starts from there next time', async () => {
    await using world = await openBlue();
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { bakeTimeInMinutes: 30 },
    });
    await world.until(isIn(world, 'BAKE_TIME'));
    await stop(world, 'ABORT');
    await world.until(isOver(world));
    expect(fleetOf(world).deployment().status).toBe('STOPPED');
    await fleetOf(world).room.ecs.clock.advance(3_600_000);
    expect(fleetOf(world).live()).toHaveLength(4);
    expect(world.production()).toBe('1:100 2:0');
    await fleetOf(world).update({
      forceNewDeployment: true,
      deploymentConfiguration: { bakeTimeInMinutes: 0 },
    });
    await world.until(isOver(world));
    const last = world.trails().at(-1) ?? '';
    expect(last.startsWith('RECONCILE_SERVICE 0, PRE_SCALE_UP 0')).toBe(true);
    expect(world.production()).toBe('1:100 2:0');
    expect(fleetOf(world).live()).toHaveLength(2);
  });

  it('is rolled out the rolling way where it was, once its strategy is ROLLING again', async () => {
    await using world = await openBlue();
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { strategy: 'ROLLING' },
    });
    await world.until(isOver(world));
    expect(world.placesOfTargets()).toEqual(['2', '2']);
    expect(world.production()).toBe('1:0 2:100');
    expect(fleetOf(world).deployment()).not.toHaveProperty('lifecycleStage');
  });

  it('goes back to tasks that were rolled out', async () => {
    await using world = await openShifted();
    await world.create({ strategy: 'ROLLING' });
    await world.until(isOver(world));
    expect(world.placesOfTargets()).toEqual(['1', '1']);
    await fleetOf(world).update({
      taskDefinition: 'next:1',
      deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 30 },
    });
    await world.until(isIn(world, 'BAKE_TIME'));
    expect(world.production()).toBe('1:0 2:100');
    await stop(world, 'ROLLBACK');
    await world.until(isOver(world));
    expect(world.production()).toBe('1:100 2:0');
    expect(world.placesOfTargets()).toEqual(['1', '1']);
  });

  it('fails where ECS may not change its rules, and says so', async () => {
    await using world = await openBlue();
    fleetOf(world).room.untrustedRoles.add(infrastructureRole);
    await roll(world);
    await world.until(isOver(world));
    expect(fleetOf(world).deployment()).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason: `Service deployment rolled back because of invalid networking configuration. ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '${infrastructureRole}'. The role ${infrastructureRole} does not trust ECS.`,
    });
    expect(world.production()).toBe('1:0 2:100');
  });
});

describe('a service with the strategy LINEAR or CANARY', () => {
  it('shifts in equal steps, with a pause after each but the last', async () => {
    await using world = await openBlue({
      strategy: 'LINEAR',
      linearConfiguration: { stepPercent: 40, stepBakeTimeInMinutes: 2 },
    });
    await roll(world);
    const seen: string[] = [];
    const startedAt = fleetOf(world).room.ecs.clock.now();
    await world.until(() => {
      if (seen.at(-1) !== world.production()) seen.push(world.production());
      return isOver(world)();
    }, 600_000);
    expect(seen).toEqual(['1:0 2:100', '1:40 2:60', '1:80 2:20', '1:100 2:0']);
    expect(fleetOf(world).room.ecs.clock.now() - startedAt).toBeGreaterThan(240_000);
    expect(world.trails()[1]).toContain(
      'PRODUCTION_TRAFFIC_SHIFT 40, PRE_PRODUCTION_TRAFFIC_SHIFT 40, PRODUCTION_TRAFFIC_SHIFT 80, ' +
        'PRE_PRODUCTION_TRAFFIC_SHIFT 80, PRODUCTION_TRAFFIC_SHIFT 100, POST_PRODUCTION_TRAFFIC_SHIFT 100',
    );
    // Nobody else was there to share the traffic with.
    expect(world.trails()[0]).toBe(wholeWay);
  });

  it('shifts a small part first, in tenths of a percent, and goes back from there', async () => {
    await using world = await openBlue({
      strategy: 'CANARY',
      canaryConfiguration: { canaryPercent: 2.5, canaryBakeTimeInMinutes: 10 },
    });
    await roll(world);
    await world.until(() => world.production() === '1:25 2:975');
    expect(shares(world)).toBe('2 2.5 100 | 2 97.5 0');
    await stop(world, 'ROLLBACK');
    await fleetOf(world).until(() => world.production() === '1:0 2:100', 1_000);
    await world.until(isOver(world));
    expect(fleetOf(world).deployment().status).toBe('ROLLBACK_SUCCESSFUL');
    await roll(world);
    await world.until(isOver(world), 900_000);
    expect(world.production()).toBe('1:100 2:0');
  });

  it('takes traffic back from a deployment that is superseded before the next one starts', async () => {
    await using world = await openBlue({
      strategy: 'LINEAR',
      linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 60 },
    });
    await roll(world);
    await world.until(() => world.production() === '1:50 2:50');
    const rolling = { deploymentConfiguration: { strategy: 'ROLLING' as const }, forceNewDeployment: true };
    await expect(fleetOf(world).update(rolling)).rejects.toThrow(/A deployment is shifting traffic/);
    await fleetOf(world).update({ taskDefinition: 'web:1' });
    await fleetOf(world).until(() => world.production() === '1:0 2:100', 1_000);
    await world.until(() => world.production() === '1:50 2:50');
    expect(world.trails()[2]?.split(', ').slice(0, 2)).toEqual(['RECONCILE_SERVICE 0', 'PRE_SCALE_UP 0']);
    expect(fleetOf(world).live()).toHaveLength(4);
  });
});

describe('a PAUSE hook', () => {
  const pause = (stage: DeploymentLifecycleHookStage, action: 'CONTINUE' | 'ROLLBACK' = 'ROLLBACK') => ({
    ...{ targetType: 'PAUSE' as const, lifecycleStages: [stage] },
    timeoutConfiguration: { timeoutInMinutes: 60, action },
  });
  const hookOf = (world: Shifted) => fleetOf(world).deployment().lifecycleHookDetails?.[0];
  const answer = (world: Shifted, action: 'CONTINUE' | 'ROLLBACK') => {
    const { room, deployment } = fleetOf(world);
    const { serviceDeploymentArn } = deployment();
    const asked = { serviceDeploymentArn, hookId: hookOf(world)?.hookId, action };
    return continueServiceDeployment(room.ecs, asked, room.call);
  };
  const paused = async (...hooks: ReturnType<typeof pause>[]): Promise<Shifted> => {
    const world = await openBlue();
    const deploymentConfiguration = { lifecycleHooks: hooks };
    await fleetOf(world).update({ taskDefinition: 'next:1', deploymentConfiguration });
    await world.until(() => hookOf(world)?.status === 'AWAITING_ACTION');
    return world;
  };

  it('keeps a deployment in its stage until somebody lets it go on', async () => {
    await using world = await paused(pause('POST_TEST_TRAFFIC_SHIFT'));
    await fleetOf(world).room.ecs.clock.advance(1_800_000);
    expect(fleetOf(world).deployment().lifecycleStage).toBe('POST_TEST_TRAFFIC_SHIFT');
    expect([world.test(), world.production()]).toEqual(['1:100 2:0', '1:0 2:100']);
    expect(hookOf(world)).toMatchObject({
      hookId: expect.stringMatching(/^ecs-pause-\w{32}$/),
      ...{ targetType: 'PAUSE', timeoutAction: 'ROLLBACK', expiresAt: expect.any(Date) },
    });
    expect(fleetOf(world).describe().deploymentConfiguration?.lifecycleHooks).toEqual([
      pause('POST_TEST_TRAFFIC_SHIFT'),
    ]);
    await answer(world, 'CONTINUE');
    await expect(answer(world, 'ROLLBACK')).rejects.toThrow(/^Provided hookId is either completed/);
    await world.until(isOver(world));
    expect(fleetOf(world).deployment()).toMatchObject({
      status: 'SUCCESSFUL',
      lifecycleHookDetails: [{ status: 'SUCCEEDED' }],
    });
  });

  it('rolls a deployment back when somebody says so', async () => {
    await using world = await paused(pause('POST_PRODUCTION_TRAFFIC_SHIFT'));
    expect(world.production()).toBe('1:100 2:0');
    await answer(world, 'ROLLBACK');
    await world.until(isOver(world));
    expect(fleetOf(world).deployment()).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason:
        'Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed.',
    });
    expect(world.production()).toBe('1:0 2:100');
  });

  it('ends with its time, as it is told to', async () => {
    await using world = await paused(pause('PRE_SCALE_UP', 'CONTINUE'), pause('POST_SCALE_UP'));
    expect(fleetOf(world).live()).toHaveLength(2);
    await fleetOf(world).room.ecs.clock.advance(3_600_000);
    await world.until(isIn(world, 'POST_SCALE_UP'));
    await fleetOf(world).room.ecs.clock.advance(3_600_000);
    await world.until(isOver(world));
    expect(fleetOf(world).deployment().statusReason).toBe(
      'Service deployment rolled back because POST_SCALE_UP pause hook timed out.',
    );
  });

  it('is answered before each step of a shift', async () => {
    await using world = await openBlue({
      strategy: 'CANARY',
      canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 0 },
    });
    const deploymentConfiguration = { lifecycleHooks: [pause('PRE_PRODUCTION_TRAFFIC_SHIFT')] };
    await fleetOf(world).update({ taskDefinition: 'next:1', deploymentConfiguration });
    for (const before of ['1:0 2:100', '1:10 2:90']) {
      await world.until(() => world.production() === before && hookOf(world)?.status === 'AWAITING_ACTION');
      await answer(world, 'CONTINUE');
    }
    await world.until(isOver(world));
    expect(world.production()).toBe('1:100 2:0');
  });
});
