import type {
  CreateServiceCommandInput,
  Service,
  ServiceDeployment,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { type Random, seededRandom } from '../../../clock/index.ts';
import { type Reconciler, type State, startReconcilers } from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { createService, describeServices, updateService } from '../operations/service.ts';
import { describeServiceDeployments, listServiceDeployments } from '../operations/service-deployment.ts';
import { lifecycleHooks } from '../reconcilers/lifecycle-hooks.ts';
import { serviceConnectNames } from '../reconcilers/service-connect-names.ts';
import { serviceDeployment } from '../reconcilers/service-deployment.ts';
import { serviceRetention } from '../reconcilers/service-retention.ts';
import { targetHealth } from '../reconcilers/target-health.ts';
import { taskActivation } from '../reconcilers/task-activation.ts';
import {
  phaseOf,
  serviceDeployments,
  services,
  type TaskRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { type FakeAgentOptions, fakeAgent } from './fake-agent.ts';
import { openRoom, type RoomOptions, scope, type TestRoom, taskDefinition } from './room.ts';

/** A cluster with instances and agents, and one service `web` that is looked after: what tests of services act on. */
export interface Fleet extends AsyncDisposable {
  readonly room: TestRoom;
  create(input?: Partial<CreateServiceCommandInput>): Promise<void>;
  update(input: Partial<UpdateServiceCommandInput>): Promise<void>;
  describe(): Service;
  /** The service deployment of that ARN, else the newest. */
  deployment(arn?: string): ServiceDeployment;
  /** Newest first. */
  deployments(): readonly ServiceDeployment[];
  /** Every status of its service deployments so far, each of them oldest first. */
  trails(): readonly string[];
  /** Everything that its deployments gave as `rolloutStateReason` so far, with ids as `ID`. */
  readonly reasons: ReadonlySet<string>;
  /** Moves time until the services-stable waiter would say so. */
  stable(): Promise<Service>;
  until(predicate: () => boolean, deadlineMs?: number): Promise<void>;
  live(): readonly TaskRecord[];
  /** The most that was running or pending, and the fewest that were RUNNING, since it was last asked. */
  extremes(): { most: number; fewest: number };
}

export interface FleetOptions extends FakeAgentOptions, RoomOptions {
  readonly instances?: number;
  readonly memoryMiB?: number;
  /** Its instances are EC2's as well. */
  readonly areOfEc2?: boolean;
  /** Other rooms' reconcilers. */
  readonly alsoAtWork?: (ecs: EcsContext) => Promise<readonly Reconciler[]>;
  /** What the reconcilers under test see of the state. */
  readonly through?: (state: State, random: Random) => State;
}

/** A room with instances and agents, the definitions `web:1` and `web:2`, and the reconcilers of services at work. */
export async function openFleet(options: FleetOptions = {}): Promise<Fleet> {
  const room = await openRoom(options);
  const { ecs, call } = room;
  for (let made = 0; made < (options.instances ?? 2); made++)
    await room.addInstance({
      memoryMiB: options.memoryMiB ?? 8192,
      ...(options.areOfEc2 && { address: `127.0.0.${made + 1}` }),
    });
  await room.addDefinition();
  await room.write((tx) =>
    tx.put(taskDefinitions, taskDefinitionKey(scope, 'web', 2), { ...taskDefinition(), revision: 2 }),
  );
  const seen = { ...ecs, state: options.through?.(ecs.state, seededRandom(options.seed ?? 1)) ?? ecs.state };
  const reconcilers = startReconcilers({
    ...{ state: ecs.state, store: room.store, clock: ecs.clock, random: ecs.random, log: ecs.log },
    reconcilers: [
      serviceDeployment(seen),
      serviceRetention(seen),
      taskActivation(seen),
      serviceConnectNames(seen),
      targetHealth(seen),
      ...(seen.hookFunctions ? [lifecycleHooks(seen, seen.hookFunctions)] : []),
      ...((await options.alsoAtWork?.(ecs)) ?? []),
      fakeAgent(ecs, options),
    ],
  });

  const live = () => room.tasksOf('default').filter(({ lastStatus }) => phaseOf(lastStatus) !== undefined);
  const running = () =>
    live().filter(({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING');
  let most = 0;
  let fewest = Number.POSITIVE_INFINITY;
  const subscription = ecs.state.subscribe(tasks, () => {
    most = Math.max(most, live().length);
    fewest = Math.min(fewest, running().length);
  });
  const trails = new Map<string, string[]>();
  const watching = ecs.state.subscribe(serviceDeployments, ({ before, after }) => {
    if (after === undefined || before?.status === after.status) return;
    trails.set(after.id, [...(trails.get(after.id) ?? []), after.status]);
  });
  const reasons = new Set<string>();
  const listening = ecs.state.subscribe(services, ({ after }) => {
    for (const { rolloutStateReason } of after?.deployments ?? [])
      reasons.add(rolloutStateReason.replaceAll(/ecs-svc\/\d+/g, 'ecs-svc/ID'));
  });
  const describeIt = (): Service => {
    const [service] = describeServices(ecs, { services: ['web'] }, call).services ?? [];
    if (service === undefined) throw new Error('The service is gone');
    return service;
  };
  const deployments = (): readonly ServiceDeployment[] => {
    const { serviceDeployments = [] } = listServiceDeployments(ecs, { service: 'web' }, call);
    const serviceDeploymentArns = serviceDeployments.map(
      ({ serviceDeploymentArn = '' }) => serviceDeploymentArn,
    );
    return describeServiceDeployments(ecs, { serviceDeploymentArns }, call).serviceDeployments ?? [];
  };
  const until = (predicate: () => boolean, deadlineMs = 120_000) =>
    ecs.clock.runUntil(predicate, { deadlineMs, seen: () => [describeIt(), live()] });
  return {
    room,
    live,
    until,
    describe: describeIt,
    deployments,
    deployment: (arn) => {
      const found = deployments().find(
        ({ serviceDeploymentArn }) => (arn ?? serviceDeploymentArn) === serviceDeploymentArn,
      );
      if (found === undefined) throw new Error(`No service deployment ${arn}`);
      return found;
    },
    trails: () => [...trails.values()].map((statuses) => statuses.join(' ')),
    reasons,
    create: async (input = {}) => {
      const defaults = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 3 };
      await createService(ecs, { ...defaults, ...input }, call);
    },
    update: async (input) => {
      await updateService(ecs, { service: 'web', ...input }, call);
    },
    stable: async () => {
      await until(() => isStable(describeIt()));
      return describeIt();
    },
    extremes: () => {
      const since = { most, fewest };
      most = 0;
      fewest = Number.POSITIVE_INFINITY;
      return since;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [subscription, watching, listening]) each[Symbol.dispose]();
      await reconcilers.stop();
      await room[Symbol.asyncDispose]();
    },
  };
}

/** The waiter services-stable, as the SDKs ship it. */
export function isStable({ deployments, runningCount, desiredCount }: Service): boolean {
  return deployments?.length === 1 && runningCount === desiredCount;
}

/** Newest first, without the prefix and with ids as `ID`. */
export function messages(service: Service): (string | undefined)[] {
  return (service.events ?? []).map(({ message }) =>
    message
      ?.replace('(service web) ', '')
      .replaceAll(/\(task \w+\)/g, '(task ID)')
      .replaceAll(/ecs-svc\/\d+/g, 'ecs-svc/ID')
      .replaceAll(/container-instance \w+/g, 'container-instance ID'),
  );
}

export const steady = 'has reached a steady state.';
export const completed = '(deployment ecs-svc/ID) deployment completed.';
export const started = (count: number) =>
  `has started ${count} tasks: ${Array(count).fill('(task ID)').join(' ')}.`;
export const stopped = (count: number) =>
  `has stopped ${count} running tasks: ${Array(count).fill('(task ID)').join(' ')}.`;
