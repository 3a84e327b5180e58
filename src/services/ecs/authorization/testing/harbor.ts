import { ECS } from '@aws-sdk/client-ecs';
import { entityKey, users } from '../../../iam/records.ts';
import { accountId, type IamServer, startIamServer } from '../../../iam/testing/iam-server.ts';
import type { OperationEntry, OperationTable, Service } from '../../../service.ts';
import { createEcs } from '../../index.ts';
import { ecsOperations } from '../../operations.ts';
import { containerInstances } from '../../records.ts';
import { openRoom } from '../../testing/room.ts';

export const region = 'eu-west-1';
export const user = `arn:aws:iam::${accountId}:user/ada`;
export const arn = (resource: string): string => `arn:aws:ecs:${region}:${accountId}:${resource}`;
export const role = (name: string): string => `arn:aws:iam::${accountId}:role/${name}`;

/** What stands in the harbor, all of it tagged `team: blue`, but for what `CreateTaskSet` and the like would make. */
export interface World {
  readonly instances: readonly [string, string];
  readonly tasks: readonly [string, string];
  readonly deployment: string;
  readonly revision: string;
  readonly taskSet: string;
}

/**
 * ECS's own table behind a gateway that authorises by IAM's records, over HTTP. Once the world is built, operations
 * are reached and do nothing, so that every case finds the same.
 */
export interface Harbor extends AsyncDisposable {
  readonly server: IamServer;
  readonly operations: ReadonlyMap<string, OperationEntry>;
  readonly world: World;
  /** The operations that were allowed since it was last asked. */
  reached(): readonly string[];
  /** The user `ada` may do this and nothing else. */
  allow(...statements: readonly object[]): Promise<void>;
  /** As the user `ada`. */
  readonly ada: ECS;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export async function openHarbor(): Promise<Harbor> {
  const stack = new AsyncDisposableStack();
  const room = stack.use(await openRoom());
  let isBuilt = false;
  let reached: string[] = [];
  const operations = new Map<string, OperationEntry>();
  const service: Service = {
    signingName: 'ecs',
    loadSdk: () => import('@aws-sdk/client-ecs'),
    loadOperations: async (): Promise<OperationTable> => Object.fromEntries(operations),
  };
  const server = stack.use(
    await startIamServer({
      services: (_iam, { state }) => {
        const table: OperationTable = ecsOperations({ ...room.ecs, state });
        for (const [name, entry] of Object.entries(table))
          operations.set(
            name,
            'refused' in entry
              ? entry
              : {
                  ...entry,
                  run: (input, call) => {
                    if (!isBuilt) return entry.run(input, call);
                    reached.push(name);
                    return {};
                  },
                },
          );
        return [{ ...service, upgrades: createEcs({ ...room.ecs, state }).service.upgrades ?? [] }];
      },
    }),
  );
  const client = (credentials: IamServer['rootKey']): ECS =>
    stack.adopt(new ECS({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 }), (it) =>
      it.destroy(),
    );
  const world = await buildWorld(client(server.rootKey), server);
  isBuilt = true;

  await server.iam.createUser({ UserName: 'ada' });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  return {
    ...{ server, operations, world },
    reached: () => {
      const since = reached;
      reached = [];
      return since;
    },
    allow: (...statements) =>
      server.state.transact((tx) => {
        const key = entityKey(users, accountId, 'ada');
        const ada = tx.get(users, key);
        if (ada === undefined) throw new Error('No user ada');
        const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
        const document = JSON.stringify({ Version: '2012-10-17', Statement });
        tx.put(users, key, { ...ada, inlinePolicies: statements.length > 0 ? { p: document } : {} });
      }),
    ada: client({ accessKeyId, secretAccessKey }),
    key: { accessKeyId, secretAccessKey },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const tags = [{ key: 'team', value: 'blue' }];

async function buildWorld(ecs: ECS, { state }: IamServer): Promise<World> {
  const containerDefinitions = [{ name: 'app', image: 'app:1', cpu: 128, memory: 128 }];
  const cluster = 'harbor';
  await ecs.createCluster({ clusterName: cluster, tags });
  const group = `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:1:autoScalingGroupName/spare`;
  const autoScalingGroupProvider = { autoScalingGroupArn: group };
  await ecs.createCapacityProvider({ name: 'spare', autoScalingGroupProvider, tags });
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
