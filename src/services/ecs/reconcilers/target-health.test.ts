import { describe, expect, it } from 'vitest';
import { stopTask } from '../operations/task.ts';
import { tasks, taskTargets } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { type Balanced, openBalanced } from '../testing/balanced.ts';
import { completed, type FleetOptions, messages, started, steady, stopped } from '../testing/fleet.ts';
import { key, scope } from '../testing/room.ts';
import { allTargets, seeTarget } from '../testing/target-group.ts';

const targetsOf = ({ fleet }: Balanced) => allTargets(fleet.room.ecs.state);

/** Bridge mode: each task gets the next port of its machine. */
async function openOnInstances(options: FleetOptions = {}): Promise<Balanced> {
  let port = 49_152;
  const bindingsOf = () => [
    { bindIP: '127.0.0.1', containerPort: 80, hostPort: ++port, protocol: 'tcp' as const },
  ];
  return openBalanced({ areOfEc2: true, bindingsOf, isOfInstances: true, ...options });
}

describe('a service in bridge mode behind a load balancer', () => {
  const placesOf = (world: Balanced) =>
    world.fleet
      .live()
      .map(
        ({ activation, containers: [app] }) =>
          `${activation?.ec2InstanceId}:${app?.networkBindings[0]?.hostPort}`,
      )
      .sort();
  const targetPlaces = (world: Balanced) =>
    targetsOf(world)
      .map(({ id, port }) => `${id}:${port}`)
      .sort();

  it('has its instances’ ports as targets, which drain before it stops', async () => {
    await using world = await openOnInstances();
    const { fleet } = world;
    await world.create();
    await fleet.stable();
    await world.sees('healthy');
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const registered = world.said().filter((message) => message?.startsWith('registered'));
    expect(registered.join()).toMatch(/^registered \d targets in \(target-group ARN\)/);
    expect(targetPlaces(world)).toEqual(placesOf(world));
    expect(targetPlaces(world)).toEqual([
      expect.stringMatching(/^i-[0-9a-f]{17}:49\d{3}$/),
      expect.stringMatching(/^i-[0-9a-f]{17}:49\d{3}$/),
    ]);
    expect(new Set(targetsOf(world).map(({ address }) => address))).toEqual(
      new Set(['127.0.0.1', '127.0.0.2']),
    );

    await fleet.update({ desiredCount: 1 });
    const isDraining = () =>
      fleet.room.tasksOf('default').some(({ lastStatus }) => lastStatus === 'DEACTIVATING');
    await fleet.until(isDraining);
    await fleet.room.ecs.clock.advance(10_000);
    expect(isDraining()).toBe(true);
    await world.sees('drained');
    await fleet.until(() => !isDraining());
    expect(targetPlaces(world)).toEqual(placesOf(world));
  });

  it('goes with its container to another port, and leaves one that is another’s meanwhile', async () => {
    await using world = await openOnInstances({ instances: 1 });
    const { fleet } = world;
    await world.create();
    await fleet.stable();
    const [one, other] = fleet.live();
    const bound = (hostPort: number) => [
      { bindIP: '127.0.0.1', containerPort: 80, hostPort, protocol: 'tcp' as const },
    ];
    const report = (id: string | undefined, hostPort: number) =>
      fleet.room.write((tx) => {
        const containers = [{ name: 'app', networkBindings: bound(hostPort) }];
        applyTaskReport(tx, key(tasks, 'default', id ?? ''), { containers }, fleet.room.ecs.clock.now());
      });
    await report(one?.id, 49_500);
    const isPresent = (port: number) =>
      targetsOf(world).some((target) => target.port === port && target.drainsUntil === undefined);
    expect(isPresent(49_500)).toBe(true);
    // Its machine gave the port to the other while nobody knew that it had none any more.
    await report(other?.id, 49_500);
    await report(one?.id, 49_600);
    expect([49_500, 49_600].map(isPresent)).toEqual([true, true]);
    expect(targetsOf(world).filter(({ drainsUntil }) => drainsUntil === undefined)).toHaveLength(2);
  });

  it('is on machines alone where its load balancers are', async () => {
    await using world = await openOnInstances({ instances: 1 });
    const { fleet } = world;
    const attributes = { 'catamaran.machine': 'm-1' };
    const elsewhere = await fleet.room.addInstance({ address: '127.0.0.1', attributes });
    await world.create({ desiredCount: 4 });
    await fleet.stable();
    const places = fleet.live().map(({ containerInstanceId }) => containerInstanceId);
    expect(places).toHaveLength(4);
    expect(places).not.toContain(elsewhere.id);
  });

  it('fails to start on an instance that is none of EC2’s', async () => {
    await using world = await openOnInstances({ areOfEc2: false });
    await world.create();
    await world.fleet.until(() => (world.fleet.describe().deployments?.[0]?.failedTasks ?? 0) > 0);
    const reasons = world.fleet.room.tasksOf('default').map(({ stoppedReason }) => stoppedReason);
    expect(reasons).toContain(
      'ResourceInitializationError: failed to register the task: Its container instance is no instance of EC2’s.',
    );
  });
});

describe('a service behind a load balancer', () => {
  it('registers its tasks, and is complete when they are healthy there', async () => {
    await using world = await openBalanced();
    const { fleet, targetGroupArn } = world;
    await world.create();
    await fleet.stable();
    const places = fleet.live().map(({ networkInterface }) => `${networkInterface?.privateIpv4Address}:80`);
    expect(
      targetsOf(world)
        .map(({ id, port }) => `${id}:${port}`)
        .sort(),
    ).toEqual(places.sort());
    expect(fleet.describe().loadBalancers).toEqual([
      { targetGroupArn, containerName: 'app', containerPort: 80 },
    ]);
    await fleet.room.ecs.clock.advance(600_000);
    expect(fleet.describe().deployments?.[0]?.rolloutState).toBe('IN_PROGRESS');
    await world.sees('healthy');
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const registered = world.said().filter((message) => message?.startsWith('registered'));
    expect(world.said()).toEqual([steady, completed, ...registered, started(2)]);
    expect(registered.join()).toMatch(/^registered \d targets in \(target-group ARN\)/);
  });

  it('rolls to another definition only as far as the balancer finds the new tasks healthy', async () => {
    await using world = await openBalanced();
    const { fleet } = world;
    await world.create();
    await fleet.stable();
    await world.sees('healthy');
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'next:1' });
    await fleet.until(() => targetsOf(world).length === 4);
    await fleet.room.ecs.clock.advance(120_000);
    expect(fleet.describe().deployments).toMatchObject([{ runningCount: 2 }, { runningCount: 2 }]);
    await world.sees('healthy');
    await fleet.until(() => fleet.live().length === 2);
    expect(fleet.describe().deployments).toMatchObject([
      { rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', runningCount: 0 },
    ]);
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    expect(targetsOf(world)).toHaveLength(2);
    const told = world.said();
    const since = told.slice(0, told.indexOf(steady, 1));
    expect(since).toContain(stopped(2));
    expect(since).toContain('deregistered 2 targets in (target-group ARN)');
    expect(
      fleet
        .describe()
        .events?.map(({ message }) => message)
        .join('\n'),
    ).toMatch(/\(service web, taskSet ecs-svc\/\d+\) has begun draining connections on 2 tasks\./);
  });

  it('stops a task only when it has answered everything, or its time to do so is over', async () => {
    await using world = await openBalanced({ delaySeconds: 60 });
    const { fleet } = world;
    await world.create();
    await fleet.stable();
    await world.sees('healthy');
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const [one, other] = fleet.live().map(({ id }) => id);
    const statusOf = (id: string | undefined) => fleet.room.task(id ?? '')?.lastStatus;
    const { clock } = fleet.room.ecs;
    await stopTask(fleet.room.ecs, { task: one }, fleet.room.call);
    await clock.advance(59_000);
    expect(statusOf(one)).toBe('DEACTIVATING');
    await fleet.until(() => statusOf(one) === 'STOPPED', 5_000);

    await stopTask(fleet.room.ecs, { task: other }, fleet.room.call);
    await clock.advance(1_000);
    expect(statusOf(other)).toBe('DEACTIVATING');
    await world.sees('drained');
    await fleet.until(() => statusOf(other) === 'STOPPED', 5_000);
  });

  it('replaces a task that the balancer finds unhealthy, and says why', async () => {
    await using world = await openBalanced();
    const { fleet, targetGroupArn } = world;
    await world.create({ desiredCount: 1, healthCheckGracePeriodSeconds: 60 });
    await fleet.stable();
    const [{ id } = { id: '' }] = fleet.live();
    await world.sees('unhealthy');
    await fleet.room.ecs.clock.advance(50_000);
    expect(fleet.live()).toHaveLength(1);
    await fleet.until(() => fleet.live().length === 2);
    await fleet.until(() => targetsOf(world).length === 2);
    await fleet.room.write((tx) => {
      for (const target of allTargets(tx).slice(-1)) seeTarget(tx, scope, target, { state: 'healthy' });
    });
    await fleet.until(() => fleet.room.task(id)?.desiredStatus === 'STOPPED');
    expect(fleet.room.task(id)).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: `Task failed ELB health checks in (target-group ${targetGroupArn})`,
    });
    expect(world.said()).toContain(
      '(task ID) (port 80) is unhealthy in (target-group ARN) due to (reason Health checks failed with these codes: [502]).',
    );
    await fleet.until(() => fleet.room.task(id)?.lastStatus === 'STOPPED');
    expect([...fleet.room.ecs.state.list(taskTargets)]).toHaveLength(1);
  });

  it('counts tasks that end without ever having been healthy there as failures', async () => {
    await using world = await openBalanced();
    const { fleet } = world;
    await world.create({
      desiredCount: 1,
      deploymentConfiguration: {
        deploymentCircuitBreaker: { enable: true, rollback: false },
        ...{ maximumPercent: 200, minimumHealthyPercent: 0 },
      },
    });
    const failing = async () => {
      await world.sees('unhealthy');
      return fleet.describe().deployments?.[0]?.rolloutState === 'FAILED';
    };
    for (let round = 0; round < 100 && !(await failing()); round += 1)
      await fleet.room.ecs.clock.advance(10_000);
    expect(fleet.describe().deployments?.[0]).toMatchObject({ rolloutState: 'FAILED', failedTasks: 3 });
  });
});
