import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { EC2 } from '@aws-sdk/client-ec2';
import { ECS } from '@aws-sdk/client-ecs';
import type { EKS } from '@aws-sdk/client-eks';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { IAM } from '@aws-sdk/client-iam';
import type { Clock } from '../../clock/index.ts';
import type { RootCredentials, ServerFile } from '../../installation/index.ts';
import { OperatorClient } from '../operator-api.ts';

/** Where everything of the demo happens. */
export const demoCluster = { cluster: 'demo' };
export const demoService = 'hello';

/** What a customer talks to besides ECS and the logs. */
interface Clients {
  readonly elb: ElasticLoadBalancingV2;
  readonly ec2: EC2;
  readonly iam: IAM;
  readonly eks: EKS;
}

/** Somebody with an endpoint and a key pair: the official SDK, and the operator API for what no AWS API does. */
export interface Customer {
  readonly credentials: RootCredentials;
  readonly ecs: ECS;
  readonly logs: CloudWatchLogs;
  readonly operator: OperatorClient;
  /** Loaded when they are wanted first: they are large. */
  clients(): Promise<Clients>;
  /** Deletes the demo's service with its tasks; when it does not exist, it is already deleted. */
  deleteService(signal: AbortSignal): Promise<void>;
  close(): void;
}

export function openCustomer(server: ServerFile, credentials: RootCredentials, clock: Clock): Customer {
  const configuration = {
    endpoint: server.endpoint,
    region: credentials.region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
  };
  const ecs = new ECS(configuration);
  const logs = new CloudWatchLogs(configuration);
  let clients: Promise<Clients> | undefined;
  return {
    credentials,
    ecs,
    logs,
    operator: new OperatorClient(server, credentials, clock),
    clients: () => {
      clients ??= openClients(configuration);
      return clients;
    },
    deleteService: async (signal) => {
      try {
        await ecs.deleteService(
          { ...demoCluster, service: demoService, force: true },
          { abortSignal: signal },
        );
      } catch (error) {
        const gone = ['ServiceNotFoundException', 'ClusterNotFoundException', 'ServiceNotActiveException'];
        if (!(error instanceof Error && gone.includes(error.name))) throw error;
      }
    },
    close: () => {
      ecs.destroy();
      logs.destroy();
      void clients?.then((opened) => {
        for (const client of Object.values(opened)) client.destroy();
      });
    },
  };
}

async function openClients(configuration: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}): Promise<Clients> {
  const [{ ElasticLoadBalancingV2 }, { EC2 }, { IAM }, { EKS }] = await Promise.all([
    import('@aws-sdk/client-elastic-load-balancing-v2'),
    import('@aws-sdk/client-ec2'),
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-eks'),
  ]);
  return {
    elb: new ElasticLoadBalancingV2(configuration),
    ec2: new EC2(configuration),
    iam: new IAM(configuration),
    eks: new EKS(configuration),
  };
}
