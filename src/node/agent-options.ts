import type { Clock, Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import type { EngineNetworks, VpcNetwork } from '../network/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { AgentCredentials } from './agent-credentials.ts';
import type { EcsClient } from './connection/ecs-api.ts';
import type { OpenSocket } from './connection/signed-socket.ts';
import type { SsmMessagesClient } from './exec/ssm-messages-api.ts';
import type { LinkLocal } from './metadata/link-local.ts';
import type { ProxyImage } from './service-connect/proxy-image.ts';
import type { StateFile } from './state/state-file.ts';

/** What an agent needs to be one container instance. */
export interface AgentOptions {
  /** The ECS API, e.g. `http://127.0.0.1:4566`. ACS and TCS are found through it (DiscoverPollEndpoint). */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  /** Name or ARN. `default` is created when it is not there, as the official agent does. */
  readonly cluster: string;
  readonly instance: InstanceOptions;
  /** The agent's own directory; made if absent. One agent at a time. */
  readonly stateDirectory: string;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborting it closes the agent, as `close()` does. */
  readonly signal?: AbortSignal;
  /** Where containers reach the task metadata and credentials endpoints; left out, they have none. */
  readonly metadata?: MetadataOptions;
  /** The machine's listener on 169.254.170.2; left out, the instance takes no tasks with a role. */
  readonly linkLocal?: LinkLocal;
  /**
   * The machine's VPCs, into which awsvpc tasks' interfaces are put. Left out, they get their addresses on networks of
   * the engine's, on which nothing is guarded.
   */
  readonly network?: InterfacePlaces;
  /** Who may be on which network of the engine's; left out, everybody on one for each range. */
  readonly engineNetworks?: EnginePlaces;
  /** CloudWatch Logs for the `awslogs` driver; left out, the instance does not offer that driver. */
  readonly logs?: { readonly endpoint: string };
  /** What tasks' Service Connect proxies are made of; left out, the instance takes no tasks with one. */
  readonly proxyImage?: ProxyImage;
  readonly settings?: Partial<AgentSettings>;
  readonly seams?: AgentSeams;
}

export type InterfacePlaces = Pick<VpcNetwork, 'attach' | 'detach'>;
export type EnginePlaces = Pick<EngineNetworks, 'place' | 'leave'>;

/** Where the agent ends and the world begins. What is left out is the world itself: HTTP, WebSockets and files. */
export interface AgentSeams {
  readonly ecsClient?: EcsClient;
  readonly openSocket?: OpenSocket;
  readonly ssmMessages?: SsmMessagesClient;
  readonly openStateFile?: (stateDirectory: string) => StateFile;
}

export interface InstanceOptions {
  /**
   * Unique among all who use this engine, and the same at every start, `[a-zA-Z0-9_.-]`: everything made for the
   * instance carries it as label `catamaran.instance`, and what carries it belongs to this agent alone.
   */
  readonly id: string;
  /** Told at every registration, as EC2's instance identity document tells it; absent: the control plane chooses. */
  readonly availabilityZone?: string;
  /** Custom attributes, sent with the first registration only. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly resources: {
    /** 1024 to a core. */
    readonly cpuUnits: number;
    readonly memoryMiB: number;
    /** Of the volume on which its tasks write together; left out, they write on the machine's disk, without a limit. */
    readonly storageGiB?: number;
    readonly reservedTcpPorts: readonly number[];
    readonly reservedUdpPorts: readonly number[];
  };
  /** The host address on which containers' ports are published. */
  readonly address: string;
  /** It hosts Fargate tasks, which see nothing of an instance; how they are separated from the machine. */
  readonly fargate?: { readonly isolation?: 'gvisor' | 'strongest' };
  /** Further labels for everything this instance makes, e.g. the installation's. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface MetadataOptions {
  /** Address to listen on: one that containers can reach, e.g. the Engine bridge's gateway. */
  readonly host: string;
  /** 0 takes a free port and keeps it across restarts. */
  readonly port: number;
  /** What containers are told; default `http://<host>:<port>`. */
  readonly baseUri?: string;
}

/** Named and defaulted after the official agent's settings. */
export interface AgentSettings {
  /** ECS_IMAGE_PULL_BEHAVIOR. Default `prefer-cached`: no registry can be assumed. */
  readonly imagePullBehavior: 'default' | 'always' | 'once' | 'prefer-cached';
  /** ECS_CONTAINER_STOP_TIMEOUT, for containers without a `stopTimeout`. */
  readonly containerStopTimeoutSeconds: number;
  /** ECS_CONTAINER_CREATE_TIMEOUT, ECS_CONTAINER_START_TIMEOUT, ECS_IMAGE_PULL_TIMEOUT. */
  readonly containerCreateTimeoutMs: number;
  readonly containerStartTimeoutMs: number;
  readonly imagePullTimeoutMs: number;
  /** ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION: how long a stopped task's containers stay readable. */
  readonly taskCleanupWaitMs: number;
  /** Stopped tasks kept at most, whatever the wait: a crash loop must not fill the disk. */
  readonly stoppedTasksKept: number;
  /** Sandboxes and containers being started at the same time at most. */
  readonly startConcurrency: number;
  /** Log lines wait at most this long before they are sent. */
  readonly logFlushIntervalMs: number;
  /** ECS_TASK_METADATA_RPS_LIMIT, for each container. */
  readonly metadataRequestsPerSecond: number;
  readonly metadataRequestBurst: number;
}

export const defaultSettings: AgentSettings = {
  imagePullBehavior: 'prefer-cached',
  containerStopTimeoutSeconds: 30,
  containerCreateTimeoutMs: 4 * 60_000,
  containerStartTimeoutMs: 3 * 60_000,
  imagePullTimeoutMs: 2 * 3_600_000,
  taskCleanupWaitMs: 3 * 3_600_000,
  stoppedTasksKept: 100,
  startConcurrency: 4,
  logFlushIntervalMs: 1000,
  metadataRequestsPerSecond: 40,
  metadataRequestBurst: 60,
};

export interface AgentStatus {
  readonly containerInstanceArn: string | undefined;
  readonly acs: LinkStatus;
  readonly tcs: LinkStatus;
  readonly engine: { readonly isConnected: boolean; readonly reason?: string };
  readonly tasks: { readonly pending: number; readonly running: number; readonly stopped: number };
  /** State changes not yet acknowledged by the control plane. */
  readonly reportsPending: number;
}

export interface LinkStatus {
  readonly state: 'connecting' | 'connected' | 'waiting' | 'closed';
  /** Why it is not connected. */
  readonly reason?: string;
}
