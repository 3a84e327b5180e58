/**
 * The ECS agent protocol's messages (ACS), as they cross the WebSocket: text frames
 * `{"type": "<Shape>", "message": {...}}` in both directions. Field names and casing are AWS's; the official
 * agent speaks the same.
 */
export interface Frame {
  readonly type: string;
  readonly message: unknown;
}

/** Server to agent, by type name. */
export interface AcsServerMessages {
  readonly HeartbeatMessage: { readonly messageId: string; readonly healthy: boolean };
  readonly PayloadMessage: AcsPayload;
  readonly IAMRoleCredentialsMessage: {
    readonly messageId: string;
    readonly taskArn: string;
    readonly roleType: 'TaskApplication' | 'TaskExecution';
    readonly roleCredentials: AcsRoleCredentials;
  };
  readonly TaskManifestMessage: AcsTaskManifest;
  readonly TaskStopVerificationAck: {
    readonly messageId: string;
    readonly generatedAt: number;
    readonly stopTasks: readonly AcsTaskIdentifier[];
  };
  readonly ErrorMessage: { readonly message: string };
  readonly CloseMessage: { readonly message: string };
}

/** Agent to server, by type name. */
export interface AcsAgentMessages {
  readonly HeartbeatAckRequest: { readonly messageId: string };
  readonly AckRequest: {
    readonly cluster: string;
    readonly containerInstance: string;
    readonly messageId: string;
  };
  readonly NackRequest: {
    readonly cluster: string;
    readonly containerInstance: string;
    readonly messageId: string;
    readonly reason: string;
  };
  readonly IAMRoleCredentialsAckRequest: {
    readonly messageId: string;
    readonly credentialsId: string;
    readonly expiration: string;
  };
  readonly TaskStopVerificationMessage: {
    readonly messageId: string;
    readonly stopCandidates: readonly AcsTaskIdentifier[];
  };
}

export interface AcsPayload {
  readonly messageId: string;
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
  readonly seqNum: number;
  /** Epoch milliseconds. */
  readonly generatedAt: number;
  readonly tasks: readonly AcsTask[];
}

export interface AcsTaskManifest {
  readonly messageId: string;
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
  readonly generatedAt: number;
  readonly timeline: number;
  readonly tasks: readonly AcsTaskIdentifier[];
}

export interface AcsTaskIdentifier {
  readonly taskArn: string;
  readonly taskClusterArn: string;
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
}

export interface AcsRoleCredentials {
  readonly credentialsId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** ISO 8601; handed to containers verbatim. */
  readonly expiration: string;
  readonly roleArn: string;
}

export interface AcsTask {
  readonly arn: string;
  readonly family: string;
  /** The revision, as a string. */
  readonly version: string;
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
  readonly taskClusterArn: string;
  readonly taskDefinitionAccountId?: string;
  /** In vCPUs, e.g. 0.25. */
  readonly cpu?: number;
  /** In MiB. */
  readonly memory?: number;
  /** Of tasks on Fargate, whose agent is not the public one: that knows no such member, and gets no such tasks. */
  readonly ephemeralStorage?: { readonly sizeInGiB: number };
  readonly networkMode?: 'bridge' | 'host' | 'none' | 'awsvpc';
  readonly launchType?: string;
  readonly pidMode?: string;
  readonly ipcMode?: string;
  readonly zone?: string;
  readonly serviceName?: string;
  readonly group?: string;
  /** JSON string. */
  readonly overrides?: string;
  readonly volumes?: readonly AcsVolume[];
  readonly roleCredentials?: AcsRoleCredentials;
  readonly executionRoleCredentials?: AcsRoleCredentials;
  readonly elasticNetworkInterfaces?: readonly AcsElasticNetworkInterface[];
  readonly enableFaultInjection?: boolean;
  /** What containers get of the machine besides CPU and memory, by its name there. */
  readonly associations?: readonly {
    readonly type: 'gpu';
    readonly name: string;
    readonly containers: readonly string[];
    readonly content: { readonly encoding: string; readonly value: string };
  }[];
  /** Of type `serviceconnectdetail`: see `AcsServiceConnectConfig`. */
  readonly attachments?: readonly AcsAttachment[];
  readonly containers: readonly AcsContainer[];
}

export interface AcsAttachment {
  readonly attachmentArn: string;
  readonly attachmentType: string;
  readonly attachmentProperties: readonly { readonly name: string; readonly value: string }[];
}

/** The type of the attachment that carries Service Connect, and the names of its properties. */
export const serviceConnectAttachment = {
  type: 'serviceconnectdetail',
  /** The proxy's name among the task's containers. */
  containerName: 'ContainerName',
  /** JSON: `AcsServiceConnectConfig`. */
  config: 'ServiceConnectConfig',
  /** JSON: `AcsServiceConnectProxy`. AWS's agent warns of a property that it does not know, and goes on. */
  proxy: 'ProxyConfig',
} as const;

/** The image of the proxy, which every agent brings with it: no registry has it. */
export const serviceConnectImage = 'ecs-service-connect-agent:interface-v1';

/** As AWS's agent reads it: what there is around the proxy. */
export interface AcsServiceConnectConfig {
  readonly egressConfig?: { readonly listenerName: string; readonly vip: { readonly ipv4Cidr: string } };
  readonly ingressConfig?: readonly { readonly listenerName: string; readonly listenerPort: number }[];
  /** Names that the task's containers can look up. */
  readonly dnsConfig?: readonly { readonly hostName: string; readonly address: string }[];
}

/** What the proxy does, which in AWS it asks for by itself (xDS). */
export interface AcsServiceConnectProxy {
  /** Cloud Map's name of the namespace whose services are reached. */
  readonly namespace: string;
  readonly outbound: readonly AcsProxyListener[];
  /** Where the proxy stands before a container of the task's. */
  readonly inbound: readonly (AcsProxyListener & { readonly containerPort: number })[];
  readonly accessLog?: { readonly format: 'TEXT' | 'JSON'; readonly includesQueryParameters: boolean };
}

export interface AcsProxyListener {
  /** Of the service in Cloud Map. */
  readonly discoveryName: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'http' | 'http2' | 'grpc';
  /** 0: never. */
  readonly idleTimeoutSeconds: number;
  /** 0: as long as it takes. None for tcp. */
  readonly perRequestTimeoutSeconds?: number;
}

export interface AcsElasticNetworkInterface {
  readonly attachmentArn: string;
  readonly ec2Id: string;
  readonly macAddress: string;
  readonly ipv4Addresses: readonly { readonly privateAddress: string; readonly primary: boolean }[];
  /** Gateway with the subnet's prefix length, e.g. `10.0.0.1/24`. */
  readonly subnetGatewayIpv4Address: string;
  readonly domainNameServers?: readonly string[];
  /** Where names without dots are looked up. */
  readonly domainName?: readonly string[];
  readonly privateDnsName?: string;
}

export interface AcsVolume {
  readonly name: string;
  readonly type?: 'host' | 'docker';
  readonly host?: { readonly sourcePath?: string };
  readonly dockerVolumeConfiguration?: {
    readonly scope?: 'task' | 'shared';
    readonly autoprovision?: boolean;
    readonly driver?: string;
    readonly driverOpts?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export interface AcsContainer {
  readonly name: string;
  readonly containerArn: string;
  readonly image: string;
  readonly essential: boolean;
  /** CPU units, 1024 to a core. */
  readonly cpu: number;
  /** Hard limit in MiB; 0 or absent for none. */
  readonly memory?: number;
  readonly command?: readonly string[];
  readonly entryPoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** JSON string, e.g. `{"command":["sleep","1"]}`. */
  readonly overrides?: string;
  readonly portMappings?: readonly {
    readonly containerPort?: number;
    readonly hostPort?: number;
    readonly protocol?: 'tcp' | 'udp';
    readonly name?: string;
    readonly containerPortRange?: string;
  }[];
  readonly mountPoints?: readonly {
    readonly sourceVolume: string;
    readonly containerPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly volumesFrom?: readonly { readonly sourceContainer: string; readonly readOnly?: boolean }[];
  readonly links?: readonly string[];
  readonly dependsOn?: readonly {
    readonly containerName: string;
    readonly condition: 'START' | 'COMPLETE' | 'SUCCESS' | 'HEALTHY';
  }[];
  readonly startTimeout?: number;
  readonly stopTimeout?: number;
  readonly restartPolicy?: {
    readonly enabled: boolean;
    readonly ignoredExitCodes?: readonly number[];
    readonly restartAttemptPeriod?: number;
  };
  readonly privileged?: boolean;
  readonly linuxParameters?: AcsLinuxParameters;
  /** What the agent runs in the container beside the application: `ExecuteCommandAgent`, for ECS Exec. */
  readonly managedAgents?: readonly {
    readonly name: string;
    readonly properties?: Readonly<Record<string, string>>;
  }[];
  /** `docker`: the engine runs the health check that `dockerConfig.config` carries. */
  readonly healthCheckType?: 'docker';
  readonly dockerConfig: AcsDockerConfig;
}

export interface AcsLinuxParameters {
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly devices?: readonly {
    readonly hostPath: string;
    readonly containerPath?: string;
    readonly permissions?: readonly string[];
  }[];
  readonly initProcessEnabled?: boolean;
  /** MiB. */
  readonly sharedMemorySize?: number;
}

/**
 * `config` and `hostConfig` are JSON strings of Docker's container-create body in Docker's casing. `config`
 * carries Hostname, User, WorkingDir, Labels, Tty, OpenStdin, Healthcheck {Test, Interval ns, Timeout ns, Retries,
 * StartPeriod ns}, NetworkDisabled; `hostConfig` carries LogConfig {Type, Config}, Ulimits [{Name, Soft, Hard}],
 * Dns, DnsSearch, ExtraHosts, SecurityOpt, ReadonlyRootfs, Privileged, MemoryReservation (bytes), MemorySwap (bytes),
 * MemorySwappiness, ShmSize, Tmpfs {path: options}, Sysctls, CapAdd, CapDrop, Init.
 */
export interface AcsDockerConfig {
  readonly version: string;
  readonly config: string;
  readonly hostConfig: string;
}
