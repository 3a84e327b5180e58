/** A published port, or a range of them. */
export interface NetworkBindingRecord {
  readonly bindIP: string;
  readonly containerPort?: number;
  readonly hostPort?: number;
  readonly containerPortRange?: string;
  readonly hostPortRange?: string;
  readonly protocol: 'tcp' | 'udp';
}

/** An awsvpc task's interface, as EC2 made it: what of it an agent must be told is kept with the task. */
export interface TaskNetworkInterface {
  readonly attachmentId: string;
  readonly networkInterfaceId: string;
  readonly subnetId: string;
  readonly privateIpv4Address: string;
  readonly macAddress: string;
  readonly privateDnsName: string;
  /** The router's address with the subnet's prefix length, e.g. `10.0.1.1/24`. */
  readonly subnetGateway: string;
  readonly nameServers: readonly string[];
  /** Where names without dots are looked up. */
  readonly domainName?: string;
  /** The agent has it in place. */
  readonly isAttached: boolean;
}
