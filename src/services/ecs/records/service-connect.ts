import type { ServiceConnectConfiguration } from '@aws-sdk/client-ecs';

/** Service Connect of a service, resolved: what its parameters mean for its task definition. */
export interface ServiceConnectRecord {
  /** As it was asked for, and is answered. */
  readonly configuration: ServiceConnectConfiguration;
  readonly namespace: {
    readonly id: string;
    readonly arn: string;
    readonly name: string;
    /** By which what is in it is discovered. */
    readonly httpName: string;
  };
  /** What others reach of it; none of a service that only reaches others. */
  readonly endpoints: readonly ServiceConnectEndpointRecord[];
}

export interface ServiceConnectEndpointRecord extends ServiceConnectAliasRecord {
  readonly portName: string;
  readonly containerPort: number;
  /** Where the proxy of its tasks takes what comes for the container; absent: nothing stands before that. */
  readonly ingressPort?: number;
  /** Cloud Map's service, which was made for it. */
  readonly discoveryArn: string;
}

/** A name that clients look up, and where it leads. */
export interface ServiceConnectAliasRecord {
  readonly dnsName: string;
  readonly port: number;
  readonly discoveryName: string;
  readonly protocol: 'tcp' | 'http' | 'http2' | 'grpc';
  /** 0: never. */
  readonly idleTimeoutSeconds: number;
  /** 0: as long as it takes. None for tcp. */
  readonly perRequestTimeoutSeconds?: number;
}

/** Of a task: it has a proxy, which is one of its containers. */
export interface TaskServiceConnectRecord {
  readonly attachmentId: string;
  readonly containerName: string;
}
