import { ECSClient } from '@aws-sdk/client-ecs';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { silentLog } from '../../log.ts';
import { Refusal } from '../../protocols/index.ts';
import type { Call, OperationTable, Service, SignedUpgrade } from '../../services/service.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../index.ts';
import { rootOnly } from './root-only.ts';
import { testCredentials } from './signing.ts';

export const accountId = '111122223333';
const root = `arn:aws:iam::${accountId}:root`;

/** A gateway over a tiny service with ECS's real schemas, and what it wrote to its log. */
export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly endpoint: string;
  readonly port: number;
  readonly logged: Readonly<Record<string, unknown>>[];
  /** An SDK client of it; `credentials` bends whose. */
  ecs(credentials?: Partial<typeof testCredentials>): ECSClient;
}

export async function openTestGateway(
  options: Partial<GatewayOptions> & {
    readonly operations?: OperationTable;
    readonly upgrades?: readonly SignedUpgrade[];
  } = {},
): Promise<TestGateway> {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const clients: ECSClient[] = [];
  const { operations, upgrades, ...others } = options;
  const gateway = createGateway({
    services: [tinyEcs({ ...standardOperations, ...operations }, upgrades)],
    clock: systemClock(),
    random: seededRandom(1),
    ...rootOnly(accountId, testCredentials),
    authorize: ({ action }) =>
      action === 'ecs:DeleteCluster' || action === 'ecs:Forbidden'
        ? { isAllowed: false, message: `User: ${root} is not authorized to perform: ${action}` }
        : { isAllowed: true },
    log: { ...silentLog, error: (message, fields) => logged.push({ ...fields, message }) },
    ...others,
  });
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    gateway,
    endpoint,
    port,
    logged,
    ecs(credentials) {
      const client = new ECSClient({
        endpoint,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { ...testCredentials, ...credentials },
      });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await gateway.close();
    },
  };
}

function tinyEcs(operations: OperationTable, upgrades: readonly SignedUpgrade[] = []): Service {
  return {
    signingName: 'ecs',
    loadSdk: () => import('@aws-sdk/client-ecs'),
    loadOperations: async () => operations,
    upgrades,
  };
}

const anything = (): readonly string[] => ['*'];

const standardOperations: OperationTable = {
  ListClusters: {
    action: 'ecs:ListClusters',
    resources: anything,
    run: (_input, call: Call) => ({
      clusterArns: [`arn:aws:ecs:${call.region}:${call.accountId}:cluster/default`],
    }),
  },
  CreateCluster: {
    action: 'ecs:CreateCluster',
    resources: anything,
    run: ({ clusterName }: { clusterName?: string }) => ({ cluster: { clusterName } }),
  },
  DeleteCluster: { action: 'ecs:DeleteCluster', resources: anything, run: () => ({}) },
  DescribeTasks: {
    action: 'ecs:DescribeTasks',
    resources: anything,
    run: () => {
      throw new Refusal('ClusterNotFoundException', 'Cluster not found.');
    },
  },
  StopTask: {
    action: 'ecs:StopTask',
    resources: anything,
    run: () => {
      throw new Error('the database password is hunter2');
    },
  },
  RunTask: { refused: 'RunTask is not supported by this version of Catamaran yet: it comes later.' },
};
