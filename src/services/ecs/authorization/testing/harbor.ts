import { ECS } from '@aws-sdk/client-ecs';
import { accountId, type IamServer } from '../../../iam/testing/iam-server.ts';
import { type Guarded, openGuarded, region, role } from '../../../testing/guarded.ts';
import { gatewayKey, gateways } from '../../gateway/records.ts';
import { createEcs } from '../../index.ts';
import { ecsOperations } from '../../operations.ts';
import { containerInstances, daemonKey, daemons } from '../../records.ts';
import { openRoom } from '../../testing/room.ts';

export const arn = (resource: string): string => `arn:aws:ecs:${region}:${accountId}:${resource}`;

/** What stands in the harbor, all of it tagged `team: blue`, but for what `CreateTaskSet` and the like would make. */
export interface World {
  readonly instances: readonly [string, string];
  readonly tasks: readonly [string, string];
  readonly deployment: string;
  readonly revision: string;
  readonly taskSet: string;
}

export async function openHarbor(): Promise<Guarded<World>> {
  const room = await openRoom();
  const guarded = await openGuarded({
    signingName: 'ecs',
    loadSdk: () => import('@aws-sdk/client-ecs'),
    operations: ({ state }) => ecsOperations({ ...room.ecs, state }),
    upgrades: ({ state }) => createEcs({ ...room.ecs, state }).service.upgrades ?? [],
    build: async (root, server) => {
      const ecs = new ECS(root);
      try {
        return await buildWorld(ecs, server);
      } finally {
        ecs.destroy();
      }
    },
  });
  return {
    ...guarded,
    [Symbol.asyncDispose]: async () => {
      await guarded[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    },
  };
}

const tags = [{ key: 'team', value: 'blue' }];

async function buildWorld(ecs: ECS, { state }: IamServer): Promise<World> {
  const containerDefinitions = [{ name: 'app', image: 'app:1', cpu: 128, memory: 128 }];
  const cluster = 'harbor';
  await ecs.createCluster({ clusterName: cluster, tags });
  const group = `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:1:autoScalingGroupName/spare`;
  await state.transact((tx) =>
    tx.put(gateways, gatewayKey({ accountId, region }, 'quay'), {
      ...{ name: 'quay', createdAt: 0, updatedAt: 0, parametersHash: '', status: 'ACTIVE', tags },
      ...{ infrastructureRoleArn: role('winch'), deletionProtection: false, maxAlbCount: 1 },
      ...{ propagateTags: 'NONE', scheme: 'internal', vpcId: '', subnetIds: [], availabilityZones: [] },
    }),
  );
  const autoScalingGroupProvider = { autoScalingGroupArn: group };
  await ecs.createCapacityProvider({ name: 'spare', autoScalingGroupProvider, tags });
  await ecs.registerDaemonTaskDefinition({ family: 'lamp', containerDefinitions, tags });
  await ecs.registerTaskDefinition({ family: 'web', containerDefinitions, tags });
  const roles = { taskRoleArn: role('pilot'), executionRoleArn: role('tug') };
  const size = { cpu: '1 vCPU', memory: '2 GB' };
  await ecs.registerTaskDefinition({ family: 'ferry', containerDefinitions, tags, ...size, ...roles });

  const instances = [];
  for (let count = 0; count < 2; count += 1) {
    const { containerInstance } = await ecs.registerContainerInstance({
      cluster,
      tags,
      totalResources: sizes,
    });
    instances.push(containerInstance?.containerInstanceArn ?? '');
  }
  await state.transact((tx) => {
    for (const { key, value } of tx.list(containerInstances))
      tx.put(containerInstances, key, { ...value, agentConnected: true });
    tx.put(daemons, daemonKey({ accountId, region }, cluster, 'beacon'), {
      ...{ name: 'beacon', cluster, status: 'ACTIVE', createdAt: 0, updatedAt: 0, parametersHash: '', tags },
      ...{ capacityProviders: [], revisionId: '1', deploymentId: '1' },
    });
  });
  const { tasks = [] } = await ecs.runTask({ cluster, taskDefinition: 'web', count: 2, tags });

  const desiredCount = 0;
  await ecs.createService({ cluster, serviceName: 'web', taskDefinition: 'web', desiredCount, tags });
  const { serviceDeployments = [] } = await ecs.listServiceDeployments({ cluster, service: 'web' });
  const [deployment] = serviceDeployments;
  const deploymentController = { type: 'EXTERNAL' } as const;
  await ecs.createService({ cluster, serviceName: 'fleet', desiredCount, deploymentController, tags });
  const { taskSet } = await ecs.createTaskSet({ cluster, service: 'fleet', taskDefinition: 'web', tags });

  return {
    instances: [instances[0] ?? '', instances[1] ?? ''],
    tasks: [tasks[0]?.taskArn ?? '', tasks[1]?.taskArn ?? ''],
    deployment: deployment?.serviceDeploymentArn ?? '',
    revision: deployment?.targetServiceRevisionArn ?? '',
    taskSet: taskSet?.id ?? '',
  };
}

const sizes = [
  { name: 'CPU', type: 'INTEGER', integerValue: 4096 },
  { name: 'MEMORY', type: 'INTEGER', integerValue: 8192 },
  { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22'] },
  { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
];
