/** By what a service joins gateways. */

export interface GatewayConnectorRecord {
  /** Of a port mapping in the task definition. */
  readonly portName: string;
  readonly healthCheck?: ConnectorHealthCheckRecord;
  /** Absent: gateways of both. */
  readonly accessTypes?: readonly ('PUBLIC' | 'PRIVATE')[];
}

/** What a connector says; what it leaves out is Elastic Load Balancing's default. */
export interface ConnectorHealthCheckRecord {
  readonly healthCheckProtocol?: 'HTTP' | 'HTTPS';
  readonly healthCheckPort?: number;
  readonly healthCheckPath?: string;
  readonly healthCheckTimeoutSeconds?: number;
  readonly healthCheckIntervalSeconds?: number;
  readonly healthyThresholdCount?: number;
  readonly unhealthyThresholdCount?: number;
  readonly matcher?: { readonly httpCode: string };
}

/** A route behind a gateway. */
export interface GatewayRouteRef {
  readonly gateway: string;
  readonly id: string;
}
