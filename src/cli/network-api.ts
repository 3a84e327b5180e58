/** Of the operator API, what it tells of the network. */
export interface Enforcement {
  /** Routes, gateways and security groups are the kernel's to hold. */
  readonly isEnforced: boolean;
  /** Why they are not. */
  readonly why?: string;
  /** Public addresses are of this block. */
  readonly publicCidr: string;
}

/** What the network is, and who is on it. */
export interface NetworkResponse extends Enforcement {
  readonly vpcs: readonly VpcDescription[];
}

export interface VpcDescription {
  readonly accountId: string;
  readonly region: string;
  readonly vpcId: string;
  readonly isDefault: boolean;
  readonly cidrs: readonly string[];
  readonly hasInternetGateway: boolean;
  readonly subnets: readonly {
    readonly subnetId: string;
    readonly cidr: string;
    readonly availabilityZone: string;
    /** Its route table leads to an internet gateway. */
    readonly isPublic: boolean;
    readonly freeAddresses: number;
  }[];
  readonly interfaces: readonly {
    readonly interfaceId: string;
    readonly subnetId: string;
    /** The primary one first. */
    readonly addresses: readonly string[];
    readonly publicAddresses: readonly string[];
    readonly securityGroupIds: readonly string[];
    readonly description: string;
    /** ARN of the task that has it. */
    readonly owner?: string;
    /** The name of the machine that it is on, where that is another than the control plane's. */
    readonly machine?: string;
    /** It is in a namespace on this machine. */
    readonly isAttached: boolean;
  }[];
}

/** What a name leads to within a VPC. */
export interface ResolvedName {
  readonly vpcId: string;
  readonly name: string;
  /** IPv4; empty: there is no such name here, or it has no address. */
  readonly addresses: readonly string[];
}

export interface ExplainPacketRequest {
  /** Id or ARN of a task, id of a network interface, or an address. */
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  /** The destination's; none for ICMP, which is an echo request. */
  readonly port?: number;
}

export interface ExplainPacketResponse {
  readonly vpcId: string;
  /** As they were found: an interface's id, or the address. */
  readonly from: string;
  readonly to: string;
  readonly passes: boolean;
  readonly steps: readonly {
    readonly stage: string;
    readonly passes: boolean;
    readonly sentence: string;
  }[];
  /** Why that is what the rules say alone, and nothing enforces it; absent: the kernel does. */
  readonly why?: string;
}
