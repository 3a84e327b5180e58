import type { RouteTopology } from './topology.ts';

/** What decided at one stage of a packet's way. */
export type ReachabilityStep =
  /** Not a request: it begins no flow. */
  | { readonly stage: 'flow'; readonly passes: false; readonly icmpType: number }
  /** Nobody in the VPC has the address, or is called so. */
  | { readonly stage: 'sender' | 'receiver'; readonly passes: false; readonly name: string }
  /** An interface talks to itself: that never leaves it. */
  | { readonly stage: 'loopback'; readonly passes: true; readonly interfaceId: string }
  | SourceDestinationCheck
  | VpcEndpointStep
  | RouteStep
  | SecurityGroupsStep
  | TranslationStep
  | { readonly stage: 'internet-gateway'; readonly passes: boolean; readonly vpcId: string }
  /** What an interface is given that forwards for others: what it sends on is another packet, from it. */
  | { readonly stage: 'forwarder'; readonly passes: true; readonly interfaceId: string };

/** A packet bears an address of the interface that sends (gets) it, unless the interface's check is off. */
export interface SourceDestinationCheck {
  readonly stage: 'source-check' | 'destination-check';
  readonly passes: boolean;
  readonly interfaceId: string;
  readonly address: string;
  readonly isChecked: boolean;
}

/** The resolver or a link-local service, at one of the router's own addresses. */
export interface VpcEndpointStep {
  readonly stage: 'endpoint';
  /** It answers that protocol and port. */
  readonly passes: boolean;
  readonly address: string;
}

export interface RouteStep {
  /** `return-route`: for the replies. */
  readonly stage: 'route' | 'return-route';
  readonly passes: boolean;
  readonly subnetId: string;
  readonly routeTableId: string;
  readonly destination: string;
  /** The one that won; absent: none holds the destination. */
  readonly route?: RouteTopology;
}

export interface SecurityGroupsStep {
  readonly stage: 'egress' | 'ingress';
  readonly passes: boolean;
  readonly interfaceId: string;
  /** Those of the interface. */
  readonly securityGroupIds: readonly string[];
  /** As the rules see the other side: a public one where the packet crosses the internet gateway. */
  readonly peerAddress: string;
  /** The first that allows it; absent: none of them. */
  readonly allowedBy?: { readonly securityGroupId: string; readonly ruleId: string };
}

export interface TranslationStep {
  readonly stage: 'source-translation' | 'destination-translation';
  readonly passes: boolean;
  readonly address: string;
  /** Absent: there is none for it. */
  readonly becomes?: string;
  /** Absent: translated at the internet gateway. */
  readonly natGatewayId?: string;
}
