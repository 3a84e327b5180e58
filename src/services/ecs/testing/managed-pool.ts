import type { CreateManagedInstancesProviderConfiguration, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { expect } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { createCapacityProvider, describeCapacityProviders } from '../operations/capacity-provider.ts';
import { describeContainerInstances, listContainerInstances } from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { describeTasks } from '../operations/task.ts';
import { daemonDeploymentsOf } from '../reconcilers/daemons.ts';
import { managedInstancesOf } from '../reconcilers/managed-instances.ts';
import { serviceDeployment } from '../reconcilers/service-deployment.ts';
import { taskDefinitionDeletion } from '../reconcilers/task-definition-deletion.ts';
import { taskProvisioning } from '../reconcilers/task-provisioning.ts';
import { fargateHosts, managedInstances } from '../records.ts';
import { type FakeAgentOptions, fakeAgent } from './fake-agent.ts';
import { agentAttributes, ManagedMachine } from './managed-machine.ts';
import { testNetwork } from './network.ts';
import { container, openRoom, scope } from './room.ts';

export const role = `arn:aws:iam::${scope.accountId}:role/ecsInfrastructureRole`;
export const profile = `arn:aws:iam::${scope.accountId}:instance-profile/ecsInstanceRole`;
type Template = CreateManagedInstancesProviderConfiguration['instanceLaunchTemplate'];

/** Burstable types are small shares: a t3.small is 410 CPU units and 2 GiB. */
export const burstable = {
  ...{ vCpuCount: { min: 2, max: 2 }, memoryMiB: { min: 2_048, max: 4_096 } },
  ...{ burstablePerformance: 'required' as const, allowedInstanceTypes: ['t3.*'] },
};

export const configuration = (
  template: Partial<NonNullable<Template>> = {},
  more: Partial<CreateManagedInstancesProviderConfiguration> = {},
): CreateManagedInstancesProviderConfiguration => ({
  infrastructureRoleArn: role,
  instanceLaunchTemplate: {
    ec2InstanceProfileArn: profile,
    networkConfiguration: { subnets: [testNetwork.subnetId] },
    instanceRequirements: burstable,
    ...template,
  },
  ...more,
});

/** A cluster whose tasks run on Managed Instances of one machine. @param options `size` is what the machine has for them. */
export async function openManaged({
  size = { cpu: 4_096, memoryMiB: 16_384 },
  ...agents
}: FakeAgentOptions & { readonly size?: { readonly cpu: number; readonly memoryMiB: number } } = {}) {
  const room = await openRoom();
  const { ecs, call } = room;
  const machine = new ManagedMachine(ecs, call, size);
  // All agents of a machine offer the same: what its host for Fargate has registered tells of the next.
  await room.addInstance({
    cluster: fargateHosts,
    attributes: Object.fromEntries([
      ...agentAttributes.map((name): [string, string] => [name, '']),
      ['ecs.cpu-architecture', 'x86_64'],
    ]),
  });
  await room.addDefinition({
    ...{ networkMode: 'awsvpc', cpu: '128', memory: '512', compatibilities: ['EC2', 'MANAGED_INSTANCES'] },
    containerDefinitions: [container({ cpu: 0, memory: 256 })],
  });
  const reconcilers = startReconcilers({
    ...{ state: ecs.state, store: room.store, clock: ecs.clock, random: ecs.random, log: ecs.log },
    reconcilers: [
      ...[daemonDeploymentsOf(ecs), taskDefinitionDeletion(ecs)],
      ...[managedInstancesOf(ecs), taskProvisioning(ecs), serviceDeployment(ecs), fakeAgent(ecs, agents)],
      machine.reconciler(),
    ],
  });
  const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
  const strategy = [{ capacityProvider: 'pool', weight: 1 }];
  return {
    ...{ room, ecs, call, machine, strategy, network },
    create: (asked = configuration(), name = 'pool') =>
      createCapacityProvider(
        ecs,
        { name, cluster: 'default', managedInstancesProvider: asked, tags: [{ key: 'team', value: 'blue' }] },
        call,
      ),
    describeProvider: () =>
      describeCapacityProviders(ecs, { capacityProviders: ['pool'], cluster: 'default' }, call)
        .capacityProviders?.[0],
    run: async (input: Partial<RunTaskCommandInput> = {}) => {
      const answer = await runTask(
        ecs,
        {
          ...{ taskDefinition: 'web:1', capacityProviderStrategy: strategy, networkConfiguration: network },
          ...input,
        },
        call,
      );
      expect(answer.failures).toEqual([]);
      return (answer.tasks ?? []).map(({ taskArn = '' }) => taskArn);
    },
    task: (arn = '') => describeTasks(ecs, { tasks: [arn] }, call).tasks?.[0],
    wanted: () => [...ecs.state.list(managedInstances)].map(({ value }) => value),
    registered: () => {
      const { containerInstanceArns = [] } = listContainerInstances(ecs, {}, call);
      if (containerInstanceArns.length === 0) return [];
      return (
        describeContainerInstances(ecs, { containerInstances: containerInstanceArns }, call)
          .containerInstances ?? []
      );
    },
    until: (met: () => boolean, deadlineMs = 3_600_000) =>
      ecs.clock.runUntil(met, {
        deadlineMs,
        seen: () => [[...ecs.state.list(managedInstances)], room.tasksOf('default'), ecs.log.lines.slice(-3)],
      }),
    [Symbol.asyncDispose]: async () => {
      await reconcilers.stop();
      await room[Symbol.asyncDispose]();
    },
  };
}

export type ManagedPool = Awaited<ReturnType<typeof openManaged>>;
