import type { CreateServiceCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { loadElbReconcilers } from '../../elbv2/index.ts';
import { stopTask } from '../operations/task.ts';
import { taskTargets } from '../records.ts';
import {
  completed,
  type Fleet,
  type FleetOptions,
  messages,
  openFleet,
  started,
  steady,
  stopped,
} from '../testing/fleet.ts';
import { testNetwork } from '../testing/network.ts';
import { container, scope } from '../testing/room.ts';
import { addTargetGroup, allTargets, seeTarget } from '../testing/target-group.ts';

const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };

interface Balanced extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly targetGroupArn: string;
  /** Without the group's ARN. */
  readonly said: () => (string | undefined)[];
  create(input?: Partial<CreateServiceCommandInput>): Promise<void>;
  /** What the balancer finds of every target that there is, as often as it looks. */
  sees(state: 'healthy' | 'unhealthy' | 'drained'): Promise<void>;
}

/** A fleet whose `web:1` and `web:2` are awsvpc definitions, and a target group for it. */
async function openBalanced({
  delaySeconds = 20,
  ...options
}: FleetOptions & { readonly delaySeconds?: number } = {}): Promise<Balanced> {
  const fleet = await openFleet({
    ...options,
    alsoAtWork: (ecs) =>
      loadElbReconcilers({ ...ecs, findInstance: () => undefined, hasCertificate: () => false }),
  });
  const definition = {
    networkMode: 'awsvpc' as const,
    containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
  };
  await fleet.room.addDefinition(definition);
  await fleet.room.addDefinition({ ...definition, family: 'next' });
  const targetGroupArn = await fleet.room.write((tx) => addTargetGroup(tx, scope, { delaySeconds }));
  return {
    ...{ fleet, targetGroupArn },
    said: () => messages(fleet.describe()).map((message) => message?.replaceAll(targetGroupArn, 'ARN')),
    create: (input) =>
      fleet.create({
        ...{ networkConfiguration: network, desiredCount: 2 },
        loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
        ...input,
      }),
    sees: (state) =>
      fleet.room.write((tx) => {
        for (const target of allTargets(tx)) {
          const isMeant = (target.drainsUntil !== undefined) === (state === 'drained');
          if (!isMeant) continue;
          seeTarget(
            ...([tx, scope, target] as const),
            state === 'unhealthy' ? { state, cause: 'code-mismatch', code: 502 } : { state },
          );
        }
      }),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

const targetsOf = ({ fleet }: Balanced) => allTargets(fleet.room.ecs.state);

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
